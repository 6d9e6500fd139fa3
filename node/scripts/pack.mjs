// Packs the npm packages: this one, and one for each platform, which holds the addon.
//
//   node scripts/pack.mjs OUT PLATFORM=ADDON...
//
// PLATFORM is a name such as linux-x64-gnu (lib/native.js lists them), ADDON the file that Cargo built for it; the licences of what is
// in it, LICENSE-THIRD-PARTY.txt, and its bill of materials, sbom.cdx.json, go along where they lie beside it. The tarballs are put
// into the directory OUT. The package names those platform packages as optional dependencies that are packed with it.

import { execFileSync } from 'node:child_process';
import { cpSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('..', import.meta.url));
const [out, ...pairs] = process.argv.slice(2);
if (!out || pairs.length === 0 || pairs.some((pair) => !/^[a-z0-9-]+=./.test(pair))) {
  console.error('usage: node scripts/pack.mjs OUT PLATFORM=ADDON...');
  process.exit(2);
}
const manifest = JSON.parse(readFileSync(path.join(here, 'package.json'), 'utf8'));
const { name, version, license } = manifest;
const cargo = readFileSync(path.join(here, '../Cargo.toml'), 'utf8').match(/^version = "(.+)"/m)[1];
if (cargo !== version) throw new Error(`package.json says version ${version}, Cargo.toml ${cargo}`);

const stage = mkdtempSync(path.join(tmpdir(), 'lpe-pack-'));
mkdirSync(out, { recursive: true });

function pack(folder, packed) {
  const json = `${JSON.stringify(packed, null, 2)}\n`;
  writeFileSync(path.join(folder, 'package.json'), json);
  copyFileSync(path.join(here, '../LICENSE'), path.join(folder, 'LICENSE'));
  execFileSync('npm', ['pack', '--silent', '--pack-destination', path.resolve(out)], { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] });
}

try {
  const optionalDependencies = {};
  for (const pair of pairs) {
    const [platform, addon] = pair.split(/=(.*)/s);
    const [os, cpu, libc] = platform.split('-');
    const folder = path.join(stage, platform);
    mkdirSync(folder);
    copyFileSync(addon, path.join(folder, 'llm-policy-engine.node'));
    const notices = ['LICENSE-THIRD-PARTY.txt', 'sbom.cdx.json'].filter((file) => existsSync(path.join(path.dirname(addon), file)));
    for (const file of notices) copyFileSync(path.join(path.dirname(addon), file), path.join(folder, file));
    writeFileSync(path.join(folder, 'README.md'), `The addon of ${name} for ${platform}.\n`);
    optionalDependencies[`${name}-${platform}`] = version;
    pack(folder, {
      name: `${name}-${platform}`,
      version,
      description: `The addon of ${name} for ${platform}.`,
      license,
      main: 'llm-policy-engine.node',
      files: ['llm-policy-engine.node', ...notices],
      os: [os],
      cpu: [cpu],
      ...(libc ? { libc: [libc === 'gnu' ? 'glibc' : libc] } : {}),
      engines: manifest.engines,
    });
  }
  const main = path.join(stage, 'main');
  cpSync(here, main, { recursive: true, filter: (source) => !/[\\/](node_modules|tests|scripts)$/.test(source) });
  // What only this repository needs stays here.
  const { devDependencies, scripts, ...published } = manifest;
  rmSync(path.join(main, 'package-lock.json'), { force: true });
  pack(main, { ...published, optionalDependencies });
} finally {
  rmSync(stage, { recursive: true, force: true });
}
