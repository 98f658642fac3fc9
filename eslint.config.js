import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** The line: a folder may use those before it, none after it, and another feature only by its index.ts. */
const line = [
  'platform',
  'http',
  'members',
  'channels',
  'transports',
  'messages',
  'referrals',
  'campaigns',
  'enrollments',
  'delivery',
  'inbound',
  'flows',
  'webhooks',
  'insight',
];
/** Tools, entered file by file. */
const tools = ['platform', 'http'];

/** Each foreign library has one home. */
const homes = {
  bull: 'platform/queue',
  ioredis: 'platform/redis',
  mongoose: 'platform/mongo',
  winston: 'platform/logger',
  'prom-client': 'platform/metrics',
  'libphonenumber-js': 'platform/phone',
  'libphonenumber-js/max': 'platform/phone',
  'countries-and-timezones': 'platform/phone',
  'temporal-polyfill': 'platform/calendar-time',
  cockatiel: 'platform/resilience',
  'node-cron': 'platform/scheduler',
  'crypto-js': 'platform/legacy-crypto',
  'mongodb-memory-server-core': 'platform/embedded-mongod',
  jsonwebtoken: 'http/authenticate',
  liquidjs: 'messages',
  'file-type': 'messages',
  qrcode: 'channels',
  'whatsapp-web.js': 'transports/whatsapp-web',
  'tar-stream': 'transports/whatsapp-web',
  ws: 'transports/simulator',
};

const src = 'notification-service/src';

function importRules(folder) {
  const later = line.slice(line.indexOf(folder) + 1);
  const others = line.filter(name => name !== folder && !tools.includes(name));
  const patterns = [
    ...(later.length > 0
      ? [
          {
            regex: `^\\.\\./(\\.\\./)?(${later.join('|')})(/|$)`,
            message: `${folder}/ stands before it in the line.`,
          },
        ]
      : []),
    {
      regex: `^\\.\\./(\\.\\./)?(${others.join('|')})/(?!index\\.ts$${folder === 'transports' ? '|transport\\.ts$' : ''})`,
      message: 'Another feature is entered by its index.ts.',
    },
    {
      regex: '^\\.\\./(\\.\\./)?(main|app|schedule)\\.ts$',
      message: 'The composition root is above all folders.',
    },
  ];
  return {
    files: [`${src}/${folder}/**/*.ts`],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-imports': ['error', { patterns, paths: foreignPaths(folder) }],
    },
  };
}

const foreignPaths = folder =>
  Object.entries(homes)
    .filter(([, home]) => home !== folder && !home.startsWith(`${folder}/`))
    .map(([name, home]) => ({ name, message: `${name} lives in ${home}.`, allowTypeImports: false }));

/** A library that lives in one file of a folder is closed to that folder's other files too. */
const fileHomes = Object.entries(homes)
  .filter(([, home]) => /^(platform|http)\//.test(home))
  .map(([name, home]) => ({ name, home }));

const toolRules = folder => ({
  files: [`${src}/${folder}/**/*.ts`],
  ignores: ['**/*.test.ts', ...new Set(fileHomes.map(({ home }) => `${src}/${home}.ts`))],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: importRules(folder).rules['no-restricted-imports'][1].patterns,
        paths: [
          ...foreignPaths(folder),
          ...fileHomes
            .filter(({ home }) => home.startsWith(`${folder}/`))
            .map(({ name, home }) => ({ name, message: `${name} lives in ${home}.ts.` })),
        ],
      },
    ],
  },
});

export default tseslint.config(
  { ignores: ['node_modules', '**/dist', '**/dist-*', 'coverage', '.data', 'docs'] },
  js.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-confusing-void-expression': 'off',
      // Our interfaces hold functions, written as methods; nothing of ours reads `this`.
      '@typescript-eslint/unbound-method': 'off',
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    // Time and chance are handed in.
    files: [`${src}/**/*.ts`],
    ignores: [`${src}/platform/clock.ts`, `${src}/platform/random.ts`, '**/*.test.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: "NewExpression[callee.name='Date'][arguments.length=0]",
          message: 'The clock is handed in.',
        },
        {
          selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']",
          message: 'The clock is handed in.',
        },
        {
          selector: "CallExpression[callee.object.name='Math'][callee.property.name='random']",
          message: 'Chance is handed in.',
        },
        {
          selector: "MemberExpression[object.name='process'][property.name='env']",
          message: 'Configuration is parsed once, in main.ts.',
        },
        { selector: 'ExportDefaultDeclaration', message: 'No default exports.' },
      ],
    },
  },
  { files: [`${src}/main.ts`], rules: { 'no-restricted-syntax': 'off' } },
  ...line.map(folder => (tools.includes(folder) ? toolRules(folder) : importRules(folder))),
  {
    files: ['notification-service/simulated-whatsapp/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { regex: '^\\.\\./(\\.\\./)*src/', message: 'The simulated network is a program of its own.' },
          ],
        },
      ],
    },
  },
  {
    files: ['**/*.test.ts', 'notification-service/test/**/*.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off', 'max-lines': 'off' },
  },
  {
    files: ['notification-service/simulated-whatsapp/web-page/page/**/*.js'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'window',
          'location',
          'crypto',
          'indexedDB',
          'WebSocket',
          'FileReader',
          'TextEncoder',
          'btoa',
          'setTimeout',
        ].map(name => [name, 'readonly']),
      ),
    },
  },
  {
    files: ['**/*.js', '**/*.mjs'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly' } },
  },
);
