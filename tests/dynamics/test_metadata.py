import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.core.errors import Later
from sync.dynamics.metadata import BrokenMetadata, MetadataReader
from tests.dynamics.doubles import Environment, Harness

DOCUMENT = """<?xml version="1.0" encoding="utf-8"?>
<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>
<Schema Namespace="Microsoft.Dynamics.DataEntities" xmlns="http://docs.oasis-open.org/odata/ns/edm">
 <EnumType Name="NoYes"><Member Name="No" Value="0"/></EnumType>
 <EntityType Name="Größe"><Key><PropertyRef Name="dataAreaId"/><PropertyRef Name="Code"/></Key>
  <Property Name="dataAreaId" Type="Edm.String" Nullable="false"/>
<Property Name="Code" Type="Edm.String"/>
  <Property Name="Blocked" Type="Microsoft.Dynamics.DataEntities.NoYes"/>
  <NavigationProperty Name="Lines" Type="Collection(Microsoft.Dynamics.DataEntities.Line)"/>
 </EntityType>
 <ComplexType Name="Loose"><Property Name="Stray" Type="Edm.String"/></ComplexType>
 <EntityContainer Name="Resources">
  <EntitySet Name="Sizes" EntityType="Microsoft.Dynamics.DataEntities.Größe"/>
  <EntitySet Name="Dangling" EntityType="Microsoft.Dynamics.DataEntities.Nowhere"/>
 </EntityContainer>
</Schema></edmx:DataServices></edmx:Edmx>""".encode()


@given(st.lists(st.integers(0, len(DOCUMENT)), max_size=6))
def test_the_document_reads_the_same_however_it_is_cut(cuts: list[int]) -> None:
    reader = MetadataReader()
    ends = [*sorted(cuts), len(DOCUMENT)]
    for start, end in zip([0, *ends[:-1]], ends, strict=True):
        reader.feed(DOCUMENT[start:end])
    ((name, shape),) = reader.shapes().items()
    assert (name, shape.type, shape.key) == ("Sizes", "Größe", ("dataAreaId", "Code"))
    assert shape.fields == {
        "dataAreaId": "Edm.String", "Code": "Edm.String",
        "Blocked": "Microsoft.Dynamics.DataEntities.NoYes",
    }  # fmt: skip


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"<html>",
        DOCUMENT[:500],
        b"{}",
        b'<!DOCTYPE x [<!ENTITY a "aa">]><x>&a;</x>',
        DOCUMENT + b"<again/>",
    ],
)
def test_what_is_no_metadata_is_said_to_be_broken(document: bytes) -> None:
    reader = MetadataReader()
    with pytest.raises(BrokenMetadata):  # noqa: PT012 - either step may notice
        reader.feed(document)
        reader.shapes()


def serving(answer: httpx.Response) -> Harness:
    return Harness(
        Environment(
            {}, before=lambda request: answer if request.url.path == "/data/$metadata" else None
        )
    )


async def test_the_sets_that_are_there_are_described_and_the_others_left_out() -> None:
    harness = serving(httpx.Response(200, content=DOCUMENT))
    shapes = await harness.client().metadata_fields("Sizes", "Absent", "Dangling")
    assert list(shapes) == ["Sizes"]
    assert harness.environment.asked[0].headers["accept"] == "application/xml"


async def test_broken_metadata_is_asked_for_later_and_a_refusal_is_told() -> None:
    with pytest.raises(Later, match="cannot be read"):
        await serving(httpx.Response(200, content=DOCUMENT[:500])).client().metadata_fields("Sizes")
    with pytest.raises(Later, match="502"):
        await serving(httpx.Response(502, content=b"<html>")).client().metadata_fields("Sizes")
