<?php

require __DIR__ . '/../vendor/autoload.php';

$folder = new Example\Pack\Folder(array_slice($argv, 1));
echo $folder->packed('/tmp/papers.zip'), "\n";
