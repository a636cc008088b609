/**
 * `make` for texts of which many are alike: the same text gives the same value, so that a million keys do not hold a
 * million copies of it. After `maxTexts` different ones it starts anew.
 */
export function sharing<Value>(maxTexts: number, make: (text: string) => Value): (text: string) => Value {
  const made = new Map<string, Value>();
  return (text) => {
    const known = made.get(text);
    if (known !== undefined) return known;
    if (made.size >= maxTexts) made.clear();
    const value = make(text);
    made.set(text, value);
    return value;
  };
}
