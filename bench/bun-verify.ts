import type { Benchmark } from './benchmark.ts';
import { asked, askedBare, compare, exampleAnswers, howCompared } from './compare.ts';
import { isOnPath } from './cores.ts';
import { median, medianRatio } from './rounds.ts';
import { withStarted } from './started.ts';
import { prepareWorkload } from './workloads.ts';

const workloadNames = ['plain', 'two limits, credits'] as const;

export const bunVerify: Benchmark = {
  name: 'bun-verify',
  title: `verifications in Bun and in Node, on SQLite; ${howCompared}`,
  async run(report) {
    const bun = process.env.BUN ?? (isOnPath('bun') ? 'bun' : undefined);
    if (bun === undefined) {
      console.log('  There is no bun on the path, and BUN names none: left out.');
      return;
    }
    await withStarted(async (started) => {
      const runtime = { bun };
      const inBun = await started.service({ runtime });
      const inNode = await started.service();
      for (const name of workloadNames) {
        const workload = await prepareWorkload(name, inBun.call);
        const sameInNode = await prepareWorkload(name, inNode.call);
        const bare = await started.bareHandler(await exampleAnswers(inBun, [workload]), { runtime });
        const spent = await compare(
          name,
          {
            'bare Bun.serve': askedBare(bare, 0, workload),
            'service in Bun': asked(workload, inBun),
            'service in Node': asked(sameInNode, inNode),
          },
          report,
        );
        const ofBun = (spent['service in Bun'] ?? []).map(({ perSecond }) => perSecond);
        const ofNode = (spent['service in Node'] ?? []).map(({ perSecond }) => perSecond);
        report({
          what: `${name}, service in Bun, a second`,
          value: Math.round(median(ofBun)),
          unit: '',
          baseline: { what: 'service in Node', value: median(ofNode) },
          ratio: medianRatio(ofBun, ofNode),
        });
      }
    });
  },
};
