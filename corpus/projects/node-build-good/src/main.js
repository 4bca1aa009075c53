const ms = require('ms');

const text = process.argv[2] || '2 days';
console.log(`${text} is ${ms(text) / 1000} seconds`);
