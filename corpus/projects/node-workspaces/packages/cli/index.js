const minimist = require('minimist');
const { width } = require('@demo/banner');

const name = minimist(process.argv.slice(2))._[0] || 'world';
console.log(`greeter: hello, ${name} (banner ${width('hello')})`);
