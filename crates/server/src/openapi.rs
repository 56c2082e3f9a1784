//! The OpenAPI document, made from the table of routes.

use serde_json::{Map, Value, json};

use crate::api::{Kind, Method, Need, Parameter, ROUTES, Route};
use crate::router::path_of;

/// The document of this version; `docs/api.json` is it, checked by a test.
pub fn document() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in ROUTES {
        let method = match route.method {
            Method::Get => "get",
            Method::Post => "post",
            Method::Patch => "patch",
            Method::Delete => "delete",
        };
        let path = paths.entry(path_of(route.path).replace("{*", "{")).or_insert_with(|| json!({}));
        path[method] = operation(route, method);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Vigie",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Watches industrial networks without touching them",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            "description": "Errors are `application/problem+json` (RFC 9457). Times are RFC 3339 in UTC with nanoseconds. \
                Lists are `{items, next, total}`; `next` is the `cursor` of the following page. GETs of JSON have an ETag. \
                With a session, changes need the header `x-vigie-csrf`.",
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "session": { "type": "apiKey", "in": "cookie", "name": crate::people::COOKIE },
                "token": { "type": "http", "scheme": "bearer" },
            },
            "schemas": {
                "Problem": {
                    "type": "object",
                    "required": ["type", "title", "status", "detail"],
                    "properties": {
                        "type": { "type": "string" },
                        "title": { "type": "string" },
                        "status": { "type": "integer" },
                        "detail": { "type": "string" },
                    },
                },
            },
            "responses": {
                "Problem": {
                    "description": "Why it was not done",
                    "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
                },
            },
        },
    })
}

fn operation(route: &Route, method: &str) -> Value {
    let mut parameters: Vec<Value> = names_in(route.path)
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string", "minLength": 1 } }))
        .collect();
    parameters.extend(route.query.iter().map(parameter));
    let who = match route.need {
        Need::Nobody => "Needs no login.".to_owned(),
        Need::Anybody => "Needs a login.".to_owned(),
        Need::Role(role) => format!("Needs the role {role}."),
        Need::LoopbackOr(role) => format!("Needs the role {role}, or to come from the same machine."),
    };
    let id: String = format!("{method}{}", route.path.replace(['{', '}', '.'], "").replace('/', "-"));
    let mut operation = json!({
        "operationId": id,
        "summary": route.about,
        "description": format!("{who} Scope of tokens: {}.", route.scope),
        "parameters": parameters,
        "responses": {
            "200": { "description": "Done", "content": { route.gives: {} } },
            "201": { "description": "Made" },
            "204": { "description": "Done, nothing to tell" },
            "304": { "description": "As it was" },
            "default": { "$ref": "#/components/responses/Problem" },
        },
    });
    if route.method != Method::Post
        && let Some(responses) = operation["responses"].as_object_mut()
    {
        responses.remove("201");
    }
    if !route.body.is_empty() {
        // The table is checked by a test: its schemas are JSON.
        let schema: Value = serde_json::from_str(route.body).unwrap_or(Value::Null);
        operation["requestBody"] = json!({ "required": true, "content": { "application/json": { "schema": schema } } });
    }
    let is_open = matches!(route.need, Need::Nobody);
    operation["security"] = if is_open { json!([]) } else { json!([{ "session": [] }, { "token": [] }]) };
    operation["tags"] = json!([route.path.split('/').nth(1).unwrap_or_default()]);
    operation
}

fn names_in(path: &str) -> impl Iterator<Item = &str> {
    path.split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| name.trim_start_matches('*'))
}

fn parameter(parameter: &Parameter) -> Value {
    let schema = match parameter.kind {
        Kind::Text => json!({ "type": "string" }),
        Kind::Number(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Kind::Words(words) => json!({ "enum": words }),
        Kind::Time => json!({ "type": "string", "format": "date-time" }),
    };
    json!({
        "name": parameter.name, "in": "query", "required": parameter.is_needed, "description": parameter.about,
        "schema": schema,
    })
}
