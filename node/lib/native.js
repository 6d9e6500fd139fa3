'use strict';

// Finds the addon. Every `require` has a literal name, so that bundlers see which packages there are.

const path = require('node:path');

/** The environment variable that names the addon's file. */
const OVERRIDE = 'LLM_POLICY_ENGINE_NATIVE';

/** Loads the platform's package, by platform, processor and C library. */
const PACKAGES = {
  'linux-x64-gnu': () => require('llm-policy-engine-linux-x64-gnu'),
  'linux-x64-musl': () => require('llm-policy-engine-linux-x64-musl'),
  'linux-arm64-gnu': () => require('llm-policy-engine-linux-arm64-gnu'),
  'linux-arm64-musl': () => require('llm-policy-engine-linux-arm64-musl'),
  'darwin-x64': () => require('llm-policy-engine-darwin-x64'),
  'darwin-arm64': () => require('llm-policy-engine-darwin-arm64'),
  'win32-x64': () => require('llm-policy-engine-win32-x64'),
};

/** This process's platform, as the packages are named. */
function platform() {
  const name = `${process.platform}-${process.arch}`;
  if (process.platform !== 'linux') return name;
  // A process that runs on glibc says so in its report; no child process is started for that.
  const { glibcVersionRuntime } = process.report.getReport().header;
  return `${name}-${glibcVersionRuntime ? 'gnu' : 'musl'}`;
}

/** The addon, or an error that says what was looked for, why it failed, and what to do. */
function load() {
  const override = process.env[OVERRIDE];
  if (override) {
    try {
      const addon = { exports: {} };
      process.dlopen(addon, path.resolve(override));
      return checked(addon.exports, override);
    } catch (cause) {
      throw new Error(`llm-policy-engine: the addon at ${override} (from ${OVERRIDE}) cannot be loaded: ${cause.message}`, {
        cause,
      });
    }
  }
  const here = platform();
  const require_ = PACKAGES[here];
  if (!require_) {
    throw new Error(
      `llm-policy-engine: there is no binary for ${here}; there are ${Object.keys(PACKAGES).join(', ')}. ` +
        `Build bindings/node with Cargo, and set ${OVERRIDE} to the file.`,
    );
  }
  const name = `llm-policy-engine-${here}`;
  let addon;
  try {
    addon = require_();
  } catch (cause) {
    const missing = cause.code === 'MODULE_NOT_FOUND';
    throw new Error(
      missing
        ? `llm-policy-engine: the package ${name}, which has the binary for this platform, is not installed. npm leaves it out ` +
          'with --omit=optional, and when package-lock.json was written on another platform: install it again without that ' +
          `option, or without the lock file. Or set ${OVERRIDE} to the file of an addon.`
        : `llm-policy-engine: the binary in the package ${name} cannot be loaded: ${cause.message}`,
      { cause },
    );
  }
  return checked(addon, name);
}

/** The addon, if it is of this package's version: the two halves know each other's forms. */
function checked(addon, from) {
  const wanted = require('../package.json').version;
  const found = typeof addon.version === 'function' ? addon.version() : 'unknown';
  if (found !== wanted) {
    throw new Error(`llm-policy-engine: the addon in ${from} has version ${found}, and this package ${wanted}; install the same of both`);
  }
  return addon;
}

module.exports = load();
