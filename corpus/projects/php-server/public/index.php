<?php

declare(strict_types=1);

require __DIR__ . '/../src/Converter.php';

$celsius = isset($_GET['c']) ? (int) $_GET['c'] : 20;
if (PHP_SAPI !== 'cli') {
    header('Content-Type: application/json');
}
echo json_encode(['celsius' => $celsius, 'fahrenheit' => (new Degrees\Converter())->fahrenheit($celsius)]), "\n";
