<?php

namespace Example\Pack;

use Example\Seals\Seal;
use ZipArchive;

final class Folder
{
    public function __construct(private array $names)
    {
    }

    public function packed(string $path): string
    {
        $archive = new ZipArchive();
        $archive->open($path, ZipArchive::CREATE | ZipArchive::OVERWRITE);
        foreach ($this->names as $name) {
            $archive->addFromString($name, "about {$name}\n");
        }
        $files = $archive->numFiles;
        $archive->close();

        return sprintf('%d files, seal %s', $files, Seal::of($this->names));
    }
}
