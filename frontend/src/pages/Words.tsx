import { Text } from "@mantine/core";
import { useEffect } from "react";
import { useLocation } from "react-router";
import { Dot } from "../components/ModelName";
import { Page } from "../components/Page";
import { Framed } from "../components/Panel";
import { MEASURES, MODELS, place, SEGMENTS, type Word } from "../lib/words";

const idOf = (word: Word): string => place(word.id).split("#")[1] ?? "";

/** What the words of the trade mean, a sentence each. */
export default function WordsPage() {
  const { hash } = useLocation();
  useEffect(() => {
    const asked = hash ? document.getElementById(hash.slice(1)) : null;
    asked?.scrollIntoView({ block: "center" });
    asked?.focus({ preventScroll: true });
  }, [hash]);
  return (
    <Page title="What do these words mean?" about="The words of these pages, a sentence each.">
      <Words title="Measures" words={MEASURES} />
      <Words title="Customers" about="How somebody buys: from how recently and how often, compared with all who bought. What else stands beside a customer, such as an age group or a segment that the shop itself uses, came with the data." words={SEGMENTS} />
      <Words title="Models" words={MODELS} dots />
    </Page>
  );
}

function Words({ title, about, words, dots = false }: { title: string; about?: string; words: Word[]; dots?: boolean }) {
  return (
    <Framed title={title} about={about}>
      <dl className="words">
        {words.map((word) => (
          <div key={word.id} id={idOf(word)} tabIndex={-1}>
            <Text component="dt" fw={600} size="sm">
              {dots && <Dot model={word.id} />} {word.name}
            </Text>
            <Text component="dd" m={0}>
              {word.about}
            </Text>
          </div>
        ))}
      </dl>
    </Framed>
  );
}
