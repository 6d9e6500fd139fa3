// The packages, installed from their files into an empty project and used there: those in the directory that
// LLM_POLICY_ENGINE_PACKAGES names, or such as are packed here, with the addon that the other tests have.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { MODELS } from './policies.mjs';

const here = fileURLToPath(new URL('..', import.meta.url));
const addon = path.resolve(process.env.LLM_POLICY_ENGINE_NATIVE);
// Without the variable, as users have it.
const { LLM_POLICY_ENGINE_NATIVE: _, LLM_POLICY_ENGINE_PACKAGES: made, NODE_TEST_CONTEXT: __, ...env } = process.env;
const folder = mkdtempSync(path.join(tmpdir(), 'lpe-package-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const libc = process.platform !== 'linux' ? '' : process.report.getReport().header.glibcVersionRuntime ? '-gnu' : '-musl';
const platform = `${process.platform}-${process.arch}${libc}`;
if (!made) execFileSync('node', [path.join(here, 'scripts/pack.mjs'), folder, `${platform}=${addon}`], { stdio: 'pipe' });
const { version } = JSON.parse(readFileSync(path.join(here, 'package.json'), 'utf8'));
const ours = path.join(made ?? folder, `llm-policy-engine-${version}.tgz`);
const tarballs = [ours, path.join(made ?? folder, `llm-policy-engine-${platform}-${version}.tgz`)];

/** An empty project with these packages. */
function project(name, packages) {
  const at = path.join(folder, name);
  mkdirSync(at);
  writeFileSync(path.join(at, 'package.json'), '{"private": true}');
  execFileSync('npm', ['install', '--offline', '--no-audit', '--no-fund', ...packages], { cwd: at, env, stdio: 'pipe' });
  return at;
}

/** Runs a file there. */
function run(at, file, text) {
  writeFileSync(path.join(at, file), text);
  return spawnSync('node', [file], { cwd: at, env, encoding: 'utf8' });
}

const USE = `
const engine = new Engine(${JSON.stringify(MODELS)});
const decision = engine.evaluate({ request: { model: 'gpt-5-preview' } });
if (decision.allowed || decision.code !== 'preview') throw new Error(decision.canonical);
try { selfTestPanic(); } catch (error) { if (error.code !== 'internal_error') throw error; }
for (const guard of guards) if (typeof guard !== 'function') throw new Error('a guard is missing');
console.log('it works');
`;
const installed = project('installed', tarballs);

test('CommonJS', () => {
  const { stdout, stderr } = run(installed, 'use.cjs', `
const { Engine, selfTestPanic } = require('llm-policy-engine');
const guards = [require('llm-policy-engine/express').policyGuard, require('llm-policy-engine/fastify').policyGuard, require('llm-policy-engine/openai').guardOpenAI];
${USE}`);
  assert.equal(stdout, 'it works\n', stderr);
});

test('ES modules', () => {
  const { stdout, stderr } = run(installed, 'use.mjs', `
import { Engine, selfTestPanic } from 'llm-policy-engine';
import { policyGuard as express } from 'llm-policy-engine/express';
import { policyGuard as fastify } from 'llm-policy-engine/fastify';
import { guardOpenAI } from 'llm-policy-engine/openai';
const guards = [express, fastify, guardOpenAI];
${USE}`);
  assert.equal(stdout, 'it works\n', stderr);
});

test('TypeScript, as ES module and as CommonJS', () => {
  for (const extension of ['mts', 'cts']) {
    writeFileSync(path.join(installed, `use.${extension}`), `
import { Engine, selfTestPanic, type Decision } from 'llm-policy-engine';
const engine: Engine = new Engine(${JSON.stringify(MODELS)});
const decision: Decision = engine.evaluate({ request: { model: 'gpt-5-preview' } }, { stage: 'request', now: new Date() });
const rule: string | undefined = decision.rule;
console.log(decision.allowed, rule, typeof selfTestPanic);
`);
    const tsc = path.join(here, 'node_modules/typescript/bin/tsc');
    const types = path.join(here, 'node_modules/@types');
    const options = ['--strict', '--module', 'nodenext', '--target', 'es2022', '--types', 'node', '--typeRoots', types, `use.${extension}`];
    const { status, stdout } = spawnSync('node', [tsc, ...options], { cwd: installed, env, encoding: 'utf8' });
    assert.equal(status, 0, stdout);
    const js = extension.replace('ts', 'js');
    assert.equal(execFileSync('node', [`use.${js}`], { cwd: installed, env, encoding: 'utf8' }), 'false no-preview function\n');
  }
});

test('without the package of the platform, it says so', () => {
  const at = project('bare', ['--omit=optional', ours]);
  const { status, stderr } = run(at, 'use.cjs', "require('llm-policy-engine');");
  assert.notEqual(status, 0);
  assert.match(stderr, new RegExp(`the package llm-policy-engine-${platform}, which has the binary for this platform, is not installed`));
  assert.match(stderr, /--omit=optional/);
  // A file of one's own instead.
  const own = spawnSync('node', ['-e', "console.log(require('llm-policy-engine').version)"], { cwd: at, env: { ...env, LLM_POLICY_ENGINE_NATIVE: addon }, encoding: 'utf8' });
  assert.equal(own.stdout, `${version}\n`, own.stderr);
});

test('a file that is no addon, a version that is another, a platform that has none', () => {
  const load = (before, native) => spawnSync('node', ['-e', `${before}; require('llm-policy-engine')`], { cwd: installed, env: { ...env, ...(native ? { LLM_POLICY_ENGINE_NATIVE: native } : {}) }, encoding: 'utf8' }).stderr;
  assert.match(load('', '/nowhere.node'), /the addon at \/nowhere\.node \(from LLM_POLICY_ENGINE_NATIVE\) cannot be loaded/);
  assert.match(load('', path.join(here, 'package.json')), /cannot be loaded/);
  assert.match(load("Object.defineProperty(process, 'arch', {value: 'mips'})"), /there is no binary for linux-mips[a-z-]*; there are linux-x64-gnu, /);
  const other = "require('llm-policy-engine/package.json').version = '9.9.9'";
  assert.ok(load(other).includes(`has version ${version}, and this package 9.9.9`));
});
