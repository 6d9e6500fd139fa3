// The examples of the README and of docs/node.md, run as they are written: what a comment behind `console.log` says comes out.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { root } from './policies.mjs';

const here = fileURLToPath(new URL('node', root));
for (const file of ['node/README.md', 'docs/node.md']) {
  const blocks = [...readFileSync(new URL(file, root), 'utf8').matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code);
  assert.ok(blocks.length >= 2, file);
  for (const [at, code] of blocks.entries()) {
    test(`${file}, example ${at + 1}`, (t) => {
      // Inside the package, so that it knows its own name.
      const example = path.join(here, `tests/example-${process.pid}.mjs`);
      writeFileSync(example, code);
      t.after(() => rmSync(example));
      const { status, stdout, stderr } = spawnSync('node', [example], { cwd: here, encoding: 'utf8' });
      assert.equal(status, 0, stderr);
      const expected = [...code.matchAll(/console\.log\(.*?\/\/ (.*)$/gm)].map(([, said]) => said);
      assert.deepEqual(stdout.split('\n').filter(Boolean), expected);
    });
  }
}
