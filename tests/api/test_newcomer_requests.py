"Attributes in a request: what is popular among those like a visitor"


def ask(server, **more) -> dict:
    body = {"requests": [{"n": 5, "model": "knn", "surface": "sandbox", **more}]}
    return server.send("POST", "recommendations", body)["answers"][0]


def groups(answer: dict) -> set[str | None]:
    return {reason["group"] for item in answer["items"] for reason in item["reasons"]}


def test_a_visitor_with_attributes_gets_what_is_popular_among_those_like_them(demo):
    known = {one["id"]: one["attributes"] for one in demo.get("customers", limit=50)["customers"]}
    values = sorted({about["segment"] for about in known.values() if about.get("segment")})
    first, second = (ask(demo, attributes={"segment": value}) for value in values[:2])
    assert groups(first) == {f"segment {values[0]}"} and groups(second) == {f"segment {values[1]}"}
    assert [item["item"] for item in first["items"]] != [item["item"] for item in second["items"]]
    assert first["cold_start"] and groups(ask(demo)) == {None}


def test_a_customer_of_whom_only_attributes_are_known(demo):
    value = next(
        one["attributes"]["segment"]
        for one in demo.get("customers", limit=50)["customers"]
        if one["attributes"].get("segment")
    )
    demo.send("PUT", "customers/newcomer-1", {"attributes": {"segment": value}}, 201)
    assert groups(ask(demo, customer="newcomer-1")) == {f"segment {value}"}
    known = demo.get("popular", n=1)["items"][0][
        "item"
    ]  # an item that somebody bought, not one that a test added
    told = ask(demo, customer="newcomer-1", history=[{"item": known}])
    assert groups(told) == {None}


def test_attributes_that_cannot_be_are_refused(demo):
    asked = {"requests": [{"attributes": {"segment": {"deep": [1]}}}]}
    assert "attributes" in str(demo.send("POST", "recommendations", asked, 422))
