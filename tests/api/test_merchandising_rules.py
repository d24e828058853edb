"Rules over HTTP: pinned items come first, buried ones last, and a category takes only so many places"

from server import Server


def listed(server: Server, customer: str, n: int = 100, **query: object) -> list[str]:
    path = f"customers/{customer}/recommendations"
    return [item["item"] for item in server.get(path, n=n, explain=False, **query)["items"]]


def test_buried_items_come_last(small):
    with small() as server:
        customer = server.customers(1)[0]
        for model in ("knn", "popularity"):
            everything = listed(server, customer, model=model)
            buried = [everything[0], everything[3]]
            rest = [item for item in everything if item not in buried]
            server.send("PUT", "rules", {"buried": buried})
            assert listed(server, customer, model=model) == [*rest, *buried], "after all others, best first"
            assert listed(server, customer, len(rest), model=model) == rest, "only in places that remain"
            assert listed(server, customer, len(rest) + 1, model=model) == [*rest, buried[0]]
            assert listed(server, customer, model=model, exclude=buried[0]) == [*rest, buried[1]]
            server.send("PUT", "rules", {})
            assert listed(server, customer, model=model) == everything


def test_what_else_holds_for_buried_items(small):
    with small() as server:
        customer = server.customers(1)[0]
        everything = listed(server, customer, model="knn")
        first = everything[0]
        category = server.get(f"items/{first}")["category"]
        within = listed(server, customer, model="knn", category=category)
        server.send("PUT", "rules", {"buried": [first]})
        assert listed(server, customer, model="knn", category=category) == [*within[1:], first]

        server.send("PUT", "rules", {"buried": [first], "per_category": 1})
        one_each = listed(server, customer, model="knn")
        assert first not in one_each, "its category has no place left"
        categories = [server.get(f"items/{item}")["category"] for item in one_each]
        assert len(set(categories)) == len(categories)

        server.send("PUT", "rules", {"buried": [first], "pinned": [first]})
        assert listed(server, customer, 5, model="knn")[0] == first, "what is pinned comes first"

        server.send("PUT", "rules", {"buried": [first]})
        server.send("PUT", "experiments", {"name": "chance", "arms": {"knn": 1.0}, "exploration": 1.0})
        drawn = server.get(f"customers/{customer}/recommendations", n=100)["items"]
        assert drawn[-1]["item"] == first and drawn[-1]["probability"] == 1.0
        server.send("DELETE", "experiments")

        server.give({"customer": customer, "item": first, "event": "purchase"})
        assert first not in listed(server, customer, model="knn"), "bought, so not recommended again"
        assert listed(server, customer, model="knn", repeat=True)[-1] == first
        server.send("DELETE", f"items/{first}", status=204)
        assert first not in listed(server, customer, model="knn", repeat=True), "withdrawn"
