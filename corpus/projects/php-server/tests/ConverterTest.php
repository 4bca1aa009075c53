<?php

require __DIR__ . '/../src/Converter.php';

assert((new Degrees\Converter())->fahrenheit(100) === 212);
