import {
  type AdmitBody,
  type Endpoint,
  freeBodyBytes,
  type HttpHandler,
  type HttpMethod,
  type HttpRequest,
  type HttpResponse,
} from '../base/http-message.ts';
import type { Ids } from '../base/ids.ts';
import { Refusal, refuse } from '../operations/refusal.ts';
import { respondRefusal } from './respond.ts';

export interface RouterOptions {
  /** Their `handle` never throws or rejects. */
  readonly endpoints: readonly Endpoint[];
  readonly ids: Ids;
}

/** All endpoints of one path. */
interface Route {
  readonly path: string;
  /** By the method of the request: a HEAD request is for the endpoint of GET. */
  readonly byMethod: Map<string, Endpoint>;
}

export interface Router {
  readonly handle: HttpHandler;
  readonly admitBody: AdmitBody;
}

/** Finds the endpoint of a request by its path and method. Neither function throws or rejects. */
export function createRouter(options: RouterOptions): Router {
  const exact = routesOf(options.endpoints.filter(({ isPrefix }) => isPrefix !== true));
  const prefixes = [...routesOf(options.endpoints.filter(({ isPrefix }) => isPrefix === true)).values()];
  // The longest prefix comes first.
  prefixes.sort((one, other) => other.path.length - one.path.length);
  const find = (path: string) => exact.get(path) ?? prefixes.find((route) => path.startsWith(route.path));

  return {
    handle(request) {
      const route = find(request.path);
      const endpoint = route?.byMethod.get(request.method);
      return endpoint === undefined ? refuseRoute(request, route, options) : endpoint.handle(request);
    },
    admitBody(request) {
      const route = find(request.path);
      const endpoint = route?.byMethod.get(request.method);
      if (endpoint === undefined) return refuseRoute(request, route, options);
      return endpoint.admitBody?.(request) ?? freeBodyBytes;
    },
  };
}

function routesOf(endpoints: readonly Endpoint[]): Map<string, Route> {
  const routes = new Map<string, Route>();
  for (const endpoint of endpoints) {
    const { path, method } = endpoint;
    const route = routes.get(path) ?? { path, byMethod: new Map<string, Endpoint>() };
    routes.set(path, route);
    for (const served of servedMethods[method]) {
      if (route.byMethod.has(served)) throw new Error(`Two endpoints serve ${served} ${path}.`);
      route.byMethod.set(served, endpoint);
    }
  }
  return routes;
}

const servedMethods: Record<HttpMethod, readonly string[]> = { GET: ['GET', 'HEAD'], POST: ['POST'] };

function refuseRoute(
  { method, path, headers }: HttpRequest,
  route: Route | undefined,
  { ids }: RouterOptions,
): HttpResponse {
  return respondRefusal(
    route === undefined ? refusePath(path) : refuseMethod(method, path, [...route.byMethod.keys()]),
    ids.id('req'),
    headers.accept,
  );
}

function refusePath(path: string): Refusal {
  const detail = `There is no ${path.slice(0, 200)} here. The operations are in /openapi.json.`;
  return refuse('unkey/routing/route_not_found', detail);
}

function refuseMethod(method: string, path: string, allowed: readonly string[]): Refusal {
  const detail = `${path.slice(0, 200)} must be called with ${allowed.join(' or ')}, not with ${method.slice(0, 20)}.`;
  return new Refusal('unkey/routing/method_not_allowed', detail, [], { allow: allowed.join(', ') });
}
