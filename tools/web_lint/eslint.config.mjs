// What ESLint itself recommends, and what finds mistakes besides; nothing about style.

import js from '@eslint/js';
import globals from 'globals';

const OF_CLOUDFRONT = ['FORMATS_BY_NAME', 'FORMATS_NOT_FOR_ALL', 'ALL_SIDES', 'ALL_NAMES', 'PATH_OF_PICTURES'];
const readable = (names) => Object.fromEntries(names.map((name) => [name, 'readonly']));

export default [
  js.configs.recommended,
  {
    languageOptions: { ecmaVersion: 2022, sourceType: 'module', globals: globals.browser },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'consistent-return': 'error',
      eqeqeq: 'error',
      'no-shadow': 'error',
      'no-unused-vars': ['error', { args: 'after-used', argsIgnorePattern: '^_', caughtErrors: 'none', ignoreRestSiblings: true }],
      'no-use-before-define': ['error', { functions: false, classes: false, variables: false }],
      'prefer-const': 'error',
    },
  },
  { files: ['**/shrink-worker.js'], languageOptions: { globals: globals.worker } },
  { files: ['clients/js/next.js'], languageOptions: { globals: readable(['process']) } }, // Next's bundler puts the value there
  {
    // CloudFront calls `handler`; the constants are put in at synth.
    files: ['infra/lightpress/cdk/edge/*.js'],
    languageOptions: { sourceType: 'script', globals: { crypto: 'off', ...readable([...OF_CLOUDFRONT, 'Buffer', 'require']) } },
    rules: { 'no-unused-vars': ['error', { varsIgnorePattern: '^handler$', caughtErrors: 'none' }] },
  },
];
