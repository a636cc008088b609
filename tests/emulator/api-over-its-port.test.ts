import { runSuites, type Suite } from '../api/scenario.ts';
import { overItsPort } from './emulated-app.ts';

const files = import.meta.glob<{ default: Suite }>(
  '../api/{apis,identities,keys,permissions,ratelimit}/*.ts',
  {
    eager: true,
  },
);

runSuites(
  Object.values(files).map((file) => file.default),
  overItsPort,
);
