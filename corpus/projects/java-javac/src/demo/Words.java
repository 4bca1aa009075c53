package demo;

final class Words {
    private Words() {
    }

    static boolean isPalindrome(String word) {
        return new StringBuilder(word).reverse().toString().equalsIgnoreCase(word);
    }
}
