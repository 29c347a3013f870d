import pytest
from pydantic import BaseModel, ValidationError, field_validator

from searchspace.errors import UserError


class Setting(BaseModel):
    name: str

    @field_validator("name")
    @classmethod
    def _refuse(cls, name: str) -> str:
        raise UserError(f"no {name}: choose another")


def test_pydantic_takes_it_for_a_wrong_value_and_carries_it_on():
    """Why it is a ValueError: any other exception would pass through pydantic with a traceback."""
    with pytest.raises(ValidationError) as refusal:
        Setting(name="x")
    cause = refusal.value.errors()[0]["ctx"]["error"]
    assert isinstance(cause, UserError)
    assert str(cause) == "no x: choose another"
