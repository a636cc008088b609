import { type Json, type Scenario, scenario, type World } from './scenario.ts';

/** One case for each malformed body: it is refused, and the response names the place. */
export function malformed(
  bodies: readonly (readonly [what: string, body: Json, location: string])[],
): Scenario[] {
  return bodies.map(([what, body, location]) => ({
    name: `400 for ${what}`,
    body,
    expect: { status: 400, code: 'unkey/application/invalid_input', locations: [location] },
  }));
}

/** One case for each set of permissions that does not suffice. */
export function denied<Vars>(
  order: Pick<Scenario<Vars>, 'arrange' | 'body'> & {
    readonly held:
      | readonly (readonly string[])[]
      | Readonly<Record<string, (vars: Vars, world: World) => string[]>>;
  },
): Scenario[] {
  const { held, ...rest } = order;
  const sets = Array.isArray(held)
    ? held.map((permissions) => [permissions.join(' and ') || 'no permission', permissions] as const)
    : Object.entries(held);
  return sets.map(([what, permissions]) =>
    scenario<Vars>({
      ...rest,
      name: `403 with ${what}`,
      permissions,
      expect: { status: 403, code: 'unkey/authorization/insufficient_permissions' },
    }),
  );
}
