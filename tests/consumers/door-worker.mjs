// A Hono application in workerd.
import { Hono } from 'hono';
import { honoApp } from './door-hono.mjs';

export default honoApp(Hono);
