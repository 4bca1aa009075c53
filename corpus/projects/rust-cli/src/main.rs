use std::env;
use std::process::exit;

fn digit(c: char) -> Option<u32> {
    Some(match c.to_ascii_uppercase() {
        'I' => 1,
        'V' => 5,
        'X' => 10,
        'L' => 50,
        'C' => 100,
        'D' => 500,
        'M' => 1000,
        _ => return None,
    })
}

fn value(text: &str) -> Option<u32> {
    let digits: Option<Vec<u32>> = text.chars().map(digit).collect();
    let digits = digits?;
    let mut sum = 0;
    for (i, d) in digits.iter().enumerate() {
        if digits.get(i + 1).map_or(false, |next| next > d) {
            sum -= *d as i64;
        } else {
            sum += *d as i64;
        }
    }
    Some(sum as u32)
}

fn main() {
    for word in env::args().skip(1) {
        match value(&word) {
            Some(n) => println!("{} = {}", word, n),
            None => {
                eprintln!("roman: not a number: {}", word);
                exit(1);
            }
        }
    }
}
