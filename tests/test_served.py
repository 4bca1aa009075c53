"""Front ends that a server of static files hands out: only the folder that is read goes along, and lies about that."""

from __future__ import annotations

import pytest

from tests.test_interpreted import Files, last_stage, lies, parted

FILES: Files = {
    "package.json": '{"scripts": {"build": "vite build"}, "devDependencies": {"vite": "5"}}',
    "package-lock.json": "{}",
    "index.html": "",
    "src/main.js": "require('child_process').exec(name)\n",
}
BUILD = "WORKDIR /app\nCOPY . .\nRUN npm ci && npm run build\nRUN npm install -g serve\n"
TEXT = f'FROM node:20\n{BUILD}EXPOSE 3000\nCMD ["serve", "-s", "dist", "-l", "3000"]\n'
WHOLE = "COPY --from=builder /app /app\n"


def test_only_the_folder_that_is_handed_out_goes_along() -> None:
    assert last_stage(parted(TEXT, FILES)) == (
        "FROM node:20-slim\nWORKDIR /app\nRUN npm install -g serve\nCOPY --from=builder /app/dist /app/dist\n"
        'EXPOSE 3000\nCMD ["serve", "-s", "dist", "-l", "3000"]\n'
    )


@pytest.mark.parametrize(
    ("script", "start", "files", "folder"),
    [
        ("react-scripts build", "serve -s build -l $PORT", {}, "build"),
        ("vue-cli-service build", "serve dist", {}, "dist"),
        ("vite build", "exec serve /app/dist", {}, "dist"),
        ("vite build --outDir public/out", "serve -s public/out", {}, "public/out"),
        ("vite build", "serve -s site", {"vite.config.js": "export default {build: {outDir: 'site'}}\n"}, "site"),
        ("node make.js", "serve -s static", {"static/a.html": ""}, "static"),
    ],
)
def test_the_folder_is_surely_there(script: str, start: str, files: Files, folder: str) -> None:
    manifest = FILES["package.json"].replace("vite build", script)
    result = parted(f"FROM node:20-alpine\n{BUILD}CMD {start}\n", {**FILES, "package.json": manifest, **files})
    assert f"COPY --from=builder /app/{folder} /app/{folder}\n" in last_stage(result)


@pytest.mark.parametrize(
    ("old", "new", "files"),
    [
        ("vite", "node make.js; echo", {}),
        ("vite build", "vite build", {"vite.config.js": "export default {build: {outDir: 'site'}}\n"}),
        ('"-s"', '"-c", "site.json"', {}),
        ('"-s"', '"--symlinks"', {}),
        ('"dist", ', "", {}),
        ('["serve", "-s"', '["npx", "serve", "-s"', {}),
        ("EXPOSE 3000", "RUN chown -R node /app\nUSER node", {}),
        ("EXPOSE 3000", "HEALTHCHECK CMD node check.js", {}),
    ],
)
def test_else_the_whole_folder_does(old: str, new: str, files: Files) -> None:
    plain = {**FILES, "src/main.js": "", "check.js": "", **files}
    held = {**plain, "package.json": FILES["package.json"].replace(old, new)}
    assert WHOLE in last_stage(parted(TEXT.replace(old, new), held))


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("COPY --from=builder /app/dist /app/dist\n", "", "would be left behind"),
        ("/app/dist /app/dist", "/app/src /app/src", "would be left behind"),
        ("RUN npm install -g serve\nCOPY --from", "COPY --from", "would be left behind"),
        ("FROM node:20-slim\n", "FROM nginx:alpine\n", "`nginx:alpine` is no variant"),
        ('"-l", "3000"', '"-l", "80"', "`CMD` would change"),
    ],
)
def test_a_lie_about_it_is_caught(old: str, new: str, why: str) -> None:
    result = lies(TEXT, old, new, FILES)
    assert not result.changed
    assert any(why in one.why for one in result.refusals), result.refusals


def test_a_link_out_of_the_folder_is_caught() -> None:
    step = "RUN npm install -g serve\n"
    true = parted(TEXT, FILES).after
    text, more = (one.replace(step, f"RUN ln -s /app/src /app/dist/src\n{step}", 1) for one in (TEXT, true))
    result = lies(text, step, step, FILES, more)
    assert any("would lead nowhere" in one.why for one in result.refusals), result.refusals
