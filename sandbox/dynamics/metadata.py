"""What the service says of itself: the list of sets, CSDL, and the metadata service's public
entities and enums."""

from functools import cache
from typing import Any, Final
from xml.sax.saxutils import quoteattr

from sandbox.dynamics.registry import rules_of
from sandbox.dynamics.schema import EDM, ENUMS, NAMESPACE, SETS, EntitySet, Kind, Property

DATA_TYPES: Final = {
    Kind.STRING: "String",
    Kind.DECIMAL: "Real",
    Kind.INT: "Int32",
    Kind.LONG: "Int64",
    Kind.DATE: "Date",
    Kind.INSTANT: "UtcDateTime",
    Kind.GUID: "Guid",
    Kind.BINARY: "Container",
    Kind.ENUM: "Enum",
}


def service_document(root: str) -> dict[str, Any]:
    """`GET /data`."""
    sets = [{"name": name, "kind": "EntitySet", "url": name} for name in SETS]
    return {"@odata.context": f"{root}/data/$metadata", "value": sets}


@cache
def csdl(lacks: frozenset[str] = frozenset()) -> bytes:
    """`GET /data/$metadata`: enums, entity types and the container of all sets. `lacks`: fields
    ("Set.Field") that this environment has not (any more)."""
    parts = [
        '<?xml version="1.0" encoding="utf-8"?>',
        (
            '<edmx:Edmx Version="4.0"'
            ' xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>'
        ),
        f'<Schema Namespace="{NAMESPACE}" xmlns="http://docs.oasis-open.org/odata/ns/edm">',
        *(_enum_type(name, members) for name, members in ENUMS.items()),
        *(_entity_type(entity, lacks) for entity in SETS.values()),
        '<EntityContainer Name="Resources">',
        *(
            f'<EntitySet Name="{name}" EntityType="{NAMESPACE}.{entity.type}"/>'
            for name, entity in SETS.items()
        ),
        "</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>",
    ]
    return "\n".join(parts).encode()


def _enum_type(name: str, members: dict[str, int]) -> str:
    listed = "".join(
        f'<Member Name={quoteattr(member)} Value="{value}"/>' for member, value in members.items()
    )
    return f'<EnumType Name="{name}">{listed}</EnumType>'


def _entity_type(entity: EntitySet, lacks: frozenset[str]) -> str:
    key = "".join(f'<PropertyRef Name="{name}"/>' for name in entity.key)
    listed = "".join(
        _property(known, nullable=known.name not in entity.key)
        for known in entity.properties.values()
        if f"{entity.name}.{known.name}" not in lacks
    )
    return f'<EntityType Name="{entity.type}"><Key>{key}</Key>{listed}</EntityType>'


def _property(known: Property, *, nullable: bool) -> str:
    facet = "" if nullable and known.kind in {Kind.STRING, Kind.ENUM} else ' Nullable="false"'
    return f'<Property Name="{known.name}" Type="{known.edm}"{facet}/>'


def public_entity(
    name: str, closed: frozenset[str] = frozenset(), mandatory: frozenset[str] = frozenset()
) -> dict[str, Any] | None:
    """`GET /metadata/PublicEntities('SalesOrderHeaderV4')`: what is mandatory, what may be edited;
    None if unknown. `closed`, `mandatory`: as the environment's settings have them."""
    entity = next((entity for entity in SETS.values() if entity.type == name), None)
    if entity is None:
        return None
    return {
        "Name": entity.type,
        "EntitySetName": entity.name,
        "LabelId": None,
        "IsReadOnly": entity.read_only,
        "ConfigurationEnabled": True,
        "Properties": [
            _public_property(entity, known, closed, mandatory)
            for known in entity.properties.values()
        ],
        "NavigationProperties": [],
        "PropertyGroups": [],
        "Actions": [],
    }


def _public_property(
    entity: EntitySet, known: Property, closed: frozenset[str], mandatory: frozenset[str]
) -> dict[str, Any]:
    rules, is_key = rules_of(entity.table), known.name in entity.key
    automatic = {number.field for number in rules.numbers if number.always}
    is_closed = known.read_only or f"{entity.name}.{known.name}" in closed
    fixed = is_key or is_closed or known.name in rules.fixed
    return {
        "Name": known.name,
        "TypeName": known.edm if known.enum else EDM[known.kind],
        "DataType": DATA_TYPES[known.kind],
        "LabelId": None,
        "IsKey": is_key,
        "IsMandatory": known.name in entity.required or f"{entity.name}.{known.name}" in mandatory,
        "ConfigurationEnabled": True,
        "AllowEdit": not fixed,
        "AllowEditOnCreate": not is_closed and known.name not in automatic,
        "IsDimension": False,
    }


def public_enumeration(name: str) -> dict[str, Any] | None:
    """`GET /metadata/PublicEnumerations('SalesStatus')`; None if unknown."""
    if name not in ENUMS:
        return None
    members = [
        {"Name": member, "Value": value, "LabelId": None} for member, value in ENUMS[name].items()
    ]
    return {"Name": name, "LabelId": None, "Members": members}
