"""The shapes that other services demand, as JSON Schema, for the parts we give.

EMIL 3: Susa-navet's open API, version 3.0.2, https://api.skolverket.se/susa-navet/susa-navet-emil3.yaml. Its lists of
required fields name two that do not exist (`subject`, `emailAddress`, for `subjects` and `emailAddresses`); those and the
provider's web address are what we cannot always give, and are not demanded here.
JobPosting: https://schema.org/JobPosting and what Google requires and recommends of it,
https://developers.google.com/search/docs/appearance/structured-data/job-posting.
EducationalOccupationalProgram: https://schema.org/EducationalOccupationalProgram.
"""

from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

Schema = dict[str, Any]
LOCAL_MOMENT: Schema = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$"}
MOMENT: Schema = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$"}
DAY: Schema = {"type": "string", "format": "date"}
ADDRESS: Schema = {"type": "string", "pattern": r"^https?://[^\s]+$"}
# Something to read, without characters that no XML can carry.
WORDS: Schema = {"type": "string", "minLength": 1, "pattern": r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]+$"}


def an_object(required: dict[str, Schema], optional: dict[str, Schema] | None = None) -> Schema:
    """With these properties and no other: a misspelt one is a mistake."""
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def many(items: Schema, at_least: int = 0) -> Schema:
    return {"type": "array", "items": items, "minItems": at_least}


def code(kind: str, *codes: str) -> Schema:
    return an_object({"type": {"const": kind}, "code": {"enum": list(codes)}})


def wrapped(content: Schema) -> Schema:
    return many(an_object({"id": WORDS, "status": {"const": "ACTIVE"}, "content": content}))


def identifier(kind: str) -> Schema:
    return {"type": "string", "pattern": rf"^{kind}\.praktiknavet\.\d+$"}


# fmt: off
SCHOOL_TYPES = [
    "AU", "AUB", "FHS", "FKLASS", "FTH", "GR", "GRAN", "GY", "GYAN", "HS", "KKU", "KU", "NY", "OPPFTH", "SAM", "SP", "STF",
    "VUX", "VUXGR", "VUXGRAN", "VUXGY", "VUXGYAN", "VUXSFI", "YH",
]
# fmt: on
LANG_STRING = an_object({"strings": many(an_object({"lang": {"const": "swe"}, "value": WORDS}), 1)})
LANG_URL = an_object({"urls": many(an_object({"lang": {"const": "swe"}, "value": ADDRESS}), 1)})
EMIL_ADDRESS = an_object(
    {"country": {"const": "SE"}},
    {
        "areaCode": {"type": "string", "pattern": r"^\d{4}$"},
        "town": WORDS,
        "postalCode": WORDS,
        "streetAddress": WORDS,
    },
)
EMIL = an_object(
    {
        "license": ADDRESS,
        "educationInfos": wrapped(
            an_object(
                {
                    "identifier": identifier("i"),
                    "code": WORDS,
                    "lastEdited": LOCAL_MOMENT,
                    "title": LANG_STRING,
                    "description": LANG_STRING,
                    "url": LANG_URL,
                    "type": code("C_SchoolType", *SCHOOL_TYPES),
                    "resultIsDegree": {"type": "boolean"},
                },
                {"eligibility": LANG_STRING},
            )
        ),
        "educationProviders": wrapped(
            an_object(
                {
                    "identifier": identifier("p"),
                    "lastEdited": LOCAL_MOMENT,
                    "name": LANG_STRING,
                    "contactAddress": EMIL_ADDRESS,
                    "responsibleBody": an_object(
                        {
                            "type": code("C_Body", "kommunal", "region", "statlig", "enskild", "annan"),
                            "name": LANG_STRING,
                        }
                    ),
                },
                {"url": LANG_URL},
            )
        ),
        "educationEvents": wrapped(
            an_object(
                {
                    "identifier": identifier("e"),
                    "education": identifier("i"),
                    "providers": many(identifier("p"), 1),
                    "lastEdited": LOCAL_MOMENT,
                    "expires": LOCAL_MOMENT,
                    "url": LANG_URL,
                    "execution": an_object(
                        {"condition": code("C_ExecutionCondition", "0", "1", "2", "3"), "start": DAY, "end": DAY}
                    ),
                    "places": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1},
                    "application": an_object({"url": LANG_URL}, {"last": DAY}),
                },
                {
                    "locations": many(EMIL_ADDRESS, 1),
                    "keywords": many(LANG_STRING, 1),
                    "distance": {"type": "object", "maxProperties": 0},
                },
            )
        ),
    }
)

POSTAL_ADDRESS = an_object(
    {"@type": {"const": "PostalAddress"}, "addressCountry": {"const": "SE"}},
    {"streetAddress": WORDS, "postalCode": WORDS, "addressLocality": WORDS},
)
# Paragraphs and line breaks; whatever a person wrote is escaped.
HTML = {"type": "string", "pattern": r"^(<p>([^<>]|<br>)+</p>\s*)+$"}
JOB_POSTING = an_object(
    {
        "@type": {"const": "JobPosting"},
        "@id": ADDRESS,
        "url": ADDRESS,
        "identifier": an_object({"@type": {"const": "PropertyValue"}, "name": WORDS, "value": WORDS}),
        "title": WORDS,
        "description": HTML,
        "datePosted": DAY,
        "validThrough": MOMENT,
        "hiringOrganization": an_object({"@type": {"const": "Organization"}, "name": WORDS}),
        "jobLocation": an_object({"@type": {"const": "Place"}, "address": POSTAL_ADDRESS}),
        "employmentType": {"enum": ["INTERN", "TEMPORARY"]},
        "directApply": {"type": "boolean"},
        "jobStartDate": DAY,
    },
    {
        "totalJobOpenings": {"type": "integer", "minimum": 1},
        "occupationalCategory": WORDS,
        "qualifications": WORDS,
        "skills": WORDS,
        "jobLocationType": {"const": "TELECOMMUTE"},
        "applicantLocationRequirements": an_object({"@type": {"const": "Country"}, "name": WORDS}),
    },
) | {"dependentRequired": {"jobLocationType": ["applicantLocationRequirements"]}}
JOB_POSTINGS = an_object(
    {
        "@context": {"const": "https://schema.org"},
        "@type": {"const": "DataFeed"},
        "name": WORDS,
        "license": ADDRESS,
        "dataFeedElement": many(JOB_POSTING),
    }
)
PROGRAM = an_object(
    {
        "@type": {"const": "EducationalOccupationalProgram"},
        "@id": ADDRESS,
        "url": ADDRESS,
        "name": WORDS,
        "description": WORDS,
        "provider": an_object(
            {"@type": {"const": "EducationalOrganization"}, "name": WORDS},
            {
                "address": an_object(
                    {
                        "@type": {"const": "PostalAddress"},
                        "addressLocality": WORDS,
                        "addressCountry": {"const": "SE"},
                    }
                )
            },
        ),
        "maximumEnrollment": {"type": "integer", "minimum": 1},
        "startDate": DAY,
        "endDate": DAY,
    },
    {"applicationDeadline": DAY, "programPrerequisites": WORDS, "occupationalCategory": WORDS},
)


def problems_of(value: Any, schema: Schema) -> list[str]:
    """What is wrong with a value, each with where it stands."""
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]


def on_a_page(schema: Schema) -> Schema:
    """The same as a block of its own, which names its vocabulary."""
    properties = {"@context": {"const": "https://schema.org"}, **schema["properties"]}
    return {**schema, "properties": properties, "required": ["@context", *schema["required"]]}
