"""GitHub's own description of its REST interface: what a request must be, and what an answer looks like.

The file is fetched with npm (`@octokit/openapi`, the description that GitHub publishes). It is OpenAPI 3.0, whose
`nullable` JSON Schema does not know.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jsonschema
from jsonschema import validators
from referencing import Registry
from referencing.jsonschema import DRAFT4

from tests.registry import file_of

_NAME = "urn:github"


def _nullable(keyword: str) -> Any:
    known = jsonschema.Draft4Validator.VALIDATORS[keyword]

    def check(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
        if instance is not None or not schema.get("nullable"):
            yield from known(validator, value, instance, schema) or ()

    return check


_Validator = validators.extend(
    jsonschema.Draft4Validator, {name: _nullable(name) for name in ("type", "enum", "allOf", "anyOf", "oneOf", "$ref")}
)


class Description:
    """The description, with a validator for each schema that was asked for."""

    def __init__(self) -> None:
        path = file_of("@octokit/openapi", "23.0.2", "generated/api.github.com.json")
        self.document = json.loads(path.read_text("utf-8"))
        self._registry = Registry().with_resource(_NAME, DRAFT4.create_resource(self.document))
        self._templates = [
            (re.compile(re.sub(r"\\\{\w+\\\}", "([^/]+)", re.escape(path))), path) for path in self.document["paths"]
        ]

    def complaints(self, method: str, url: str, body: Any) -> list[str]:
        """What is wrong with a request; empty where nothing is."""
        parts = urlsplit(url)
        template = self.template(parts.path)
        operation = self.document["paths"].get(template, {}).get(method.lower())
        if operation is None:
            return [f"there is no {method} {parts.path}"]
        parameters = [self._resolved(one) for one in operation.get("parameters", [])]
        queries = {one["name"]: one["schema"] for one in parameters if one["in"] == "query"}
        found = []
        for name, value in parse_qsl(parts.query):
            if name not in queries:
                found.append(f"no parameter `{name}`")
            elif self._resolved(queries[name]).get("type") == "integer" and not value.isdigit():
                found.append(f"`{name}` is no number")
        schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        if schema is None:
            return found + (["a body that nobody wants"] if body is not None else [])
        pointer = f"#/paths/{_escaped(template)}/{method.lower()}/requestBody/content/application~1json/schema"
        return found + self._errors(pointer, body) + list(self._unknown(schema, body, "body"))

    def template(self, path: str) -> str:
        """The path as the description writes it, with names in braces."""
        return next((written for pattern, written in self._templates if pattern.fullmatch(path)), "")

    def example(self, name: str) -> Any:
        """One of the answers that the description shows."""
        return json.loads(json.dumps(self.document["components"]["examples"][name]["value"]))

    def wrong_answer(self, schema: str, answer: Any) -> list[str]:
        """What is wrong with an answer of our server."""
        return self._errors(f"#/components/schemas/{schema}", answer)

    def _errors(self, pointer: str, instance: Any) -> list[str]:
        validator = _Validator({"$ref": _NAME + pointer}, registry=self._registry)
        return [f"{'/'.join(map(str, error.path))}: {error.message}" for error in validator.iter_errors(instance)]

    def _unknown(self, schema: dict[str, Any], value: Any, where: str) -> Iterator[str]:
        """Keys that the description does not name: it forbids none, but nobody would read them."""
        schema = self._resolved(schema)
        if isinstance(value, dict) and "properties" in schema:
            for key, inner in value.items():
                if key not in schema["properties"]:
                    yield f"{where}: nobody reads `{key}`"
                else:
                    yield from self._unknown(schema["properties"][key], inner, f"{where}/{key}")
        elif isinstance(value, list):
            for inner in value:
                yield from self._unknown(schema.get("items", {}), inner, where)

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in schema:
            found: Any = self.document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                found = found[part.replace("~1", "/").replace("~0", "~")]
            schema = found
        return schema


def _escaped(path: str) -> str:
    return path.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")


@cache
def description() -> Description:
    """The description, read once. Skips the test where npm cannot fetch it."""
    return Description()
