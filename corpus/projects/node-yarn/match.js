const picomatch = require('picomatch');

const pattern = process.argv[2] || '**/*.md';
const files = ['README.md', 'docs/a/usage.md', 'src/index.js'];
const matches = picomatch(pattern);
const hits = files.filter((file) => matches(file));
console.log(`${hits.length} of ${files.length} files match ${pattern}`);
