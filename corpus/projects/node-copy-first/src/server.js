const http = require('http');
const ms = require('ms');

const server = http.createServer((req, res) => {
  res.setHeader('content-type', 'application/json');
  res.end(JSON.stringify({ limit: ms('2h') }));
});

const check = process.argv.includes('--check');
server.listen(check ? 0 : 3000, () => {
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
