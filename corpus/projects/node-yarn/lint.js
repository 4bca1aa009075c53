// A very small linter: no tabs, no trailing blanks.
const fs = require('fs');
const kleur = require('kleur');

let bad = 0;
for (const file of ['match.js', 'lint.js']) {
  fs.readFileSync(file, 'utf8').split('\n').forEach((line, i) => {
    if (/\t|\s$/.test(line)) {
      bad += 1;
      console.error(kleur.red(`${file}:${i + 1}: blanks`));
    }
  });
}
process.exit(bad ? 1 : 0);
