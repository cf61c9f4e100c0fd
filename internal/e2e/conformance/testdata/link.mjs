// A client in TypeScript's world, made from the document by another generator: types
// by openapi-typescript, requests by openapi-fetch. It makes a link on the sandbox.
import createClient from "openapi-fetch";
import openapiTS, { astToString } from "openapi-typescript";
import { readFileSync } from "node:fs";

const [document, baseUrl, key, organization] = process.argv.slice(2);

const types = astToString(await openapiTS(readFileSync(document, "utf8")));
for (const name of ["generatePortalLink", "listProviderIcons", "generateLink", "listCDNProviderIcons"]) {
  if (!types.includes(`operations["${name}"]`)) throw new Error(`no type for ${name}`);
}

const portal = createClient({ baseUrl, headers: { Authorization: `Bearer ${key}` } });
const links = [];
for (const path of ["/portal_links", "/portal/generate_link"]) {
  const { data, error } = await portal.POST(path, { body: { organization, intent: "sso" } });
  if (error) throw new Error(`${path}: ${JSON.stringify(error)}`);
  links.push(data.link);
}
const { data: icons, error } = await portal.GET("/provider_icons");
if (error) throw new Error(JSON.stringify(error));
console.log(JSON.stringify({ links, icons: icons.data.length }));
