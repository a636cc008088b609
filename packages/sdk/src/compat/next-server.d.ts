/** The parts of `next/server` that `nextjs.ts` names. The published declarations use those of the user's Next. */
declare module 'next/server' {
  export class NextRequest extends Request {}
  export class NextResponse extends Response {}
}
