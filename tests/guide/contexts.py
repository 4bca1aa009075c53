"""Build contexts for the guide's files: small programs of our own that would run."""

import json

Files = dict[str, str]

LOCK = {
    "name": "shop",
    "version": "1.0.0",
    "lockfileVersion": 3,
    "requires": True,
    "packages": {
        "": {
            "name": "shop",
            "version": "1.0.0",
            "dependencies": {"express": "^4.19.2"},
            "devDependencies": {"typescript": "^5.4.5"},
        },
        "node_modules/express": {"version": "4.19.2", "license": "MIT"},
        "node_modules/typescript": {"version": "5.4.5", "dev": True, "license": "Apache-2.0"},
    },
}
PACKAGE = {
    "name": "shop",
    "version": "1.0.0",
    "scripts": {"build": "tsc -p .", "start": "node dist/index.js", "test": "node --test"},
    "dependencies": {"express": "^4.19.2"},
    "devDependencies": {"typescript": "^5.4.5"},
}


def node(entry: str = "src/index.ts") -> Files:
    """A Node server with a build step, a lock file, development packages, tests and a README."""
    return {
        "package.json": json.dumps(PACKAGE, indent=2),
        "package-lock.json": json.dumps(LOCK, indent=2),
        "tsconfig.json": '{"compilerOptions": {"outDir": "dist", "rootDir": "src"}}\n',
        entry: "const express = require('express')\nexpress().listen(3000)\n",
        "test/shop.test.js": "require('node:test')\n",
        "README.md": "# shop\n",
        ".gitignore": "node_modules\ndist\n",
    }


def front_end() -> Files:
    """A page that a bundler makes."""
    return {
        "package.json": json.dumps({**PACKAGE, "scripts": {"build": "vite build"}}, indent=2),
        "package-lock.json": json.dumps(LOCK, indent=2),
        "index.html": '<script type="module" src="/src/main.ts"></script>\n',
        "src/main.ts": "document.body.append('shop')\n",
    }


def python() -> Files:
    """A Flask program with configuration and templates."""
    return {
        "requirements.txt": "flask==3.0.3\nrequests==2.32.3\n",
        "app.py": "from flask import Flask, render_template\napp = Flask(__name__)\napp.run(host='0.0.0.0')\n",
        "config/settings.ini": "[app]\nname = notes\n",
        "templates/index.html": "<h1>notes</h1>\n",
        "tests/test_app.py": "import app\n",
        "README.md": "# notes\n",
    }


def go() -> Files:
    """A Go service without packages of others."""
    return {
        "go.mod": "module example.org/clock\n\ngo 1.21\n",
        "main.go": 'package main\n\nimport "net/http"\n\nfunc main() { _ = http.ListenAndServe(":8080", nil) }\n',
        "README.md": "# clock\n",
    }


def go_command() -> Files:
    """The same with its program in a folder of its own."""
    files = go()
    files["cmd/app/main.go"] = files.pop("main.go")
    return files
