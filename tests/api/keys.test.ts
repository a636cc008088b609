import { runSuites, type Suite } from './scenario.ts';

const files = import.meta.glob<{ default: Suite }>('./keys/*.ts', { eager: true });

runSuites(Object.values(files).map((file) => file.default));
