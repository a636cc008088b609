/** Options over others. Undefined means "not given"; `retry`, `headers` and `fetchOptions` are merged. */
export function mergeOptions<Base extends object, Own extends object>(base: Base, own: Own): Base & Own {
  const merged = { ...base } as Record<string, unknown>;
  for (const [name, value] of Object.entries(own)) {
    const isMerged = /^(retry|headers|fetchOptions)$/.test(name) && value && merged[name];
    if (value !== undefined) merged[name] = isMerged ? mergeOptions(merged[name] as object, value) : value;
  }
  return merged as Base & Own;
}
