// Starts the server as the container does, asks for the page, and says what came.
const { spawn } = require('child_process');
const http = require('http');

const server = spawn('npx', ['sirv', 'dist', '--port', '8123', '--quiet'], { stdio: 'ignore' });

const get = (path) => new Promise((done, fail) => {
  http.get({ port: 8123, path }, (res) => { res.resume(); done(res.statusCode); }).on('error', fail);
});

const tryAgain = async (path, left) => {
  try {
    return await get(path);
  } catch (error) {
    if (!left) throw error;
    await new Promise((done) => setTimeout(done, 200));
    return tryAgain(path, left - 1);
  }
};

(async () => {
  const page = await tryAgain('/', 100);
  const script = await get('/app.js');
  console.log(`GET / -> ${page}, GET /app.js -> ${script}`);
  server.kill();
  process.exit(0);
})();
