'use strict';
// Says `allow deny fine` where the installed package works.
const { Engine, selfTestPanic } = require('llm-policy-engine');

const engine = new Engine(`
version: "1.0"
metadata: {name: models}
config: {default_action: allow}
rules:
  - {id: no-preview, when: request.model.endsWith('-preview'), actions: [deny]}
`);
const effects = ['gpt-5', 'gpt-5-preview'].map((model) => engine.evaluate({ request: { model } }).effect);
try {
  selfTestPanic();
} catch (error) {
  if (error.code === 'internal_error') console.log(...effects, 'fine');
}
