<?php

declare(strict_types=1);

namespace Degrees;

final class Converter
{
    public function fahrenheit(int $celsius): int
    {
        return intdiv($celsius * 9, 5) + 32;
    }
}
