// A floor to measure against: Fastify that reads a JSON body and sends it back, and nothing else.
import fastify from "fastify";
import { path } from "../rest-contract.ts";

const app = fastify();
app.post(path, (request) => request.body);
const url = await app.listen({ port: 0, host: "127.0.0.1" });
console.log(`listening on ${new URL(url).port}`);
