const fs = require('fs');
const path = require('path');
const escape = require('escape-html');

const pages = fs.readdirSync('birds').sort().map((f) => fs.readFileSync(path.join('birds', f), 'utf8').trim());
const list = pages.map((text) => `<li>${escape(text.split('\n')[0])}</li>`).join('');
fs.mkdirSync('public', { recursive: true });
fs.writeFileSync('public/index.html', `<!doctype html><title>Birds</title><ul>${list}</ul>\n`);
