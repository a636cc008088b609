import { listenerConformance } from '../conformance/listener-conformance.ts';
import { failure, testAdmission, testHandler } from '../conformance/test-handler.ts';
import { createNodeListener } from './server.ts';

for (const hasFastPath of [true, false]) {
  listenerConformance(
    `the listener on Node, ${hasFastPath ? 'with' : 'without'} fast path`,
    async (limits) => {
      const listener = createNodeListener({
        handle: testHandler,
        admitBody: testAdmission,
        failure,
        hasFastPath,
        ...limits,
      });
      const { port } = await listener.listen('127.0.0.1', 0);
      return { port, drain: () => listener.drain() };
    },
  );
}
