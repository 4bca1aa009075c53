package com.example;

import java.time.LocalDate;
import java.time.temporal.IsoFields;

public class Week {
    public static void main(String[] args) {
        LocalDate day = args.length > 0 ? LocalDate.parse(args[0]) : LocalDate.of(2026, 1, 1);
        System.out.println("ISO week " + day.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR));
    }
}
