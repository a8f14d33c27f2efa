// SCIMMY as its own manual shows it, over two Maps: what an application that takes this library has at first.
// What a handler can do to be fast, it does: one user is found by id or userName without looking at the others.
// SCIMMY itself does the rest: filters, pages, PATCH, and giving resources their outward form.
//
// Usage: PORT=… TOKEN=… node server.js

import { randomUUID } from "node:crypto";
import express from "express";
import SCIMMY from "scimmy";
import SCIMMYRouters from "scimmy-routers";

const { PORT, TOKEN } = process.env;

class Store {
    #byId = new Map();
    #byName = new Map();

    constructor(naming) {
        this.naming = naming;
    }

    #key(resource) {
        return resource[this.naming].toLowerCase();
    }

    write(resource, data) {
        const before = resource.id ? this.#byId.get(resource.id) : undefined;
        if (resource.id && !before) throw new SCIMMY.Types.Error(404, null, `Resource ${resource.id} not found`);
        const holder = this.#byName.get(this.#key(data));
        if (holder && holder !== before) throw new SCIMMY.Types.Error(409, "uniqueness", `${this.naming} is taken`);
        const now = new Date().toISOString();
        const id = before?.id ?? randomUUID();
        const stored = { ...data, id, meta: { created: before?.meta.created ?? now, lastModified: now } };
        if (before) this.#byName.delete(this.#key(before));
        this.#byName.set(this.#key(stored), stored);
        this.#byId.set(id, stored);
        return stored;
    }

    read({ id, filter }) {
        if (id) {
            const found = this.#byId.get(id);
            if (!found) throw new SCIMMY.Types.Error(404, null, `Resource ${id} not found`);
            return found;
        }
        if (!filter) return [...this.#byId.values()];
        const named = this.#named(filter);
        return named === undefined ? filter.match([...this.#byId.values()]) : named;
    }

    // The one resource that `NAMING eq "…"` can mean, found by its name; undefined for any other filter.
    #named(filter) {
        const [comparison, operator, value] = filter.length === 1 ? (filter[0][this.naming] ?? []) : [];
        if (Object.keys(filter[0] ?? {}).length !== 1 || comparison !== "eq" || value !== undefined) return undefined;
        const found = this.#byName.get(String(operator).toLowerCase());
        return found ? [found] : [];
    }

    remove({ id }) {
        const found = this.#byId.get(id);
        if (!found) throw new SCIMMY.Types.Error(404, null, `Resource ${id} not found`);
        this.#byName.delete(this.#key(found));
        this.#byId.delete(id);
    }
}

for (const [Resource, naming] of [[SCIMMY.Resources.User, "userName"], [SCIMMY.Resources.Group, "displayName"]]) {
    const store = new Store(naming);
    SCIMMY.Resources.declare(Resource)
        .ingress((resource, data) => store.write(resource, data))
        .egress((resource) => store.read(resource))
        .degress((resource) => store.remove(resource));
}
SCIMMY.Resources.User.extend(SCIMMY.Schemas.EnterpriseUser, false);

express()
    .use("/scim", new SCIMMYRouters({
        type: "bearer",
        handler: (request) => {
            if (request.header("Authorization") !== `Bearer ${TOKEN}`) throw new Error("Authorization not detected!");
            return "bench";
        },
        baseUri: () => `http://127.0.0.1:${PORT}`,
    }))
    .listen(Number(PORT), "127.0.0.1");
