import { seen } from './seen.mjs';

export default async function Page({ searchParams }) {
  const { key } = await searchParams;
  return <p>{await seen(key)}</p>;
}
