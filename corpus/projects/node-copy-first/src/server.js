const express = require('express');
const http = require('http');
const ms = require('ms');
const pino = require('pino');
const { z } = require('zod');

const log = pino({ level: process.env.LOG_LEVEL || 'warn' });
const limits = z.object({ limit: z.number() });
const app = express();

app.get('/', (req, res) => {
  log.info({ path: req.path }, 'asked');
  res.json(limits.parse({ limit: ms('2h') }));
});

const check = process.argv.includes('--check');
const server = app.listen(check ? 0 : 3000, () => {
  if (!check) return console.log('listening on 3000');
  http.get({ port: server.address().port, path: '/' }, (res) => {
    let body = '';
    res.on('data', (part) => { body += part; });
    res.on('end', () => {
      console.log(`GET / -> ${res.statusCode}, uptime in ms: ${JSON.parse(body).limit}`);
      server.close();
    });
  });
});
