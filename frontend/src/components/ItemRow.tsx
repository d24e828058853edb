import { ActionIcon, Anchor, Badge, Group, Rating, Stack, Text, UnstyledButton } from "@mantine/core";
import { IconHeart, IconShoppingBag, IconShoppingCartPlus, IconStar, IconX } from "@tabler/icons-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { Link } from "react-router";
import type { EventKind, Pick } from "../api/queries";
import { figure, price } from "../lib/format";
import { Reasons } from "./Reasons";

export type Act = (pick: Pick, event: EventKind, rating?: number) => void;

type Props = {
  pick: Pick;
  note?: string; // beside the title: how it moved
  onAct?: Act; // with it, buttons to act on the item
  onOpen?: (pick: Pick) => void; // without it the title is a link to the product
  scale?: number[] | null; // ends of the ratings' scale
  why?: boolean; // with reasons
};

/** One place of a list: what it is, why it is there, and what one can do with it. */
export function ItemRow({ pick, note, onAct, onOpen, scale, why = true }: Props) {
  const facts = [pick.category, pick.price != null ? price(pick.price) : null, pick.rating != null ? `would rate ${figure(pick.rating, 1)}` : null].filter(Boolean);
  return (
    <Group component="li" align="flex-start" wrap="nowrap" gap="sm" py={8} className="row" data-item={pick.item}>
      <Text c="dimmed" size="sm" w={20} ta="right" style={{ flex: "none", fontVariantNumeric: "tabular-nums" }} aria-label={`Place ${pick.rank}`}>
        {pick.rank}
      </Text>
      <Stack gap={2} style={{ flex: 1, minWidth: 0 }}>
        <Group gap={6} wrap="wrap">
          {onOpen ? (
            <UnstyledButton onClick={() => onOpen(pick)} className="title">
              {pick.title}
            </UnstyledButton>
          ) : (
            <Anchor component={Link} to={`/products/${encodeURIComponent(pick.item)}`} className="title">
              {pick.title}
            </Anchor>
          )}
          {note && (
            <Badge size="sm" variant="light" color={note === "new" ? "green" : note.startsWith("▲") ? "green" : "gray"} tt="none">
              <span aria-hidden>{note}</span>
              <span className="sr-only">{spoken(note)}</span>
            </Badge>
          )}
        </Group>
        {facts.length > 0 && <Text size="sm">{facts.join(" · ")}</Text>}
        {why && <Reasons reasons={pick.reasons ?? []} by={pick.by} item={pick.item} />}
        {onAct && <Actions pick={pick} onAct={onAct} scale={scale ?? null} />}
      </Stack>
    </Group>
  );
}

function spoken(note: string): string {
  if (note === "new") return "new in the list";
  const places = note.slice(2) === "1" ? "1 place" : `${note.slice(2)} places`;
  return `${places} ${note.startsWith("▲") ? "up" : "down"}`;
}

function Actions({ pick, onAct, scale }: { pick: Pick; onAct: Act; scale: number[] | null }) {
  const [rating, setRating] = useState(false);
  const [low = 1, high = 0] = scale ?? [];
  const star = useRef<HTMLButtonElement>(null);
  const act = (event: EventKind) => () => onAct(pick, event);
  return (
    <Group gap={2} role="group" aria-label={`Act on ${pick.title}`}>
      <Button label="Buy" of={pick.title} onClick={act("purchase")} icon={<IconShoppingBag size={18} aria-hidden />} />
      <Button label="Add to cart" of={pick.title} onClick={act("cart")} icon={<IconShoppingCartPlus size={18} aria-hidden />} />
      <Button label="Like" of={pick.title} onClick={act("like")} icon={<IconHeart size={18} aria-hidden />} />
      {high > 0 && (
        <ActionIcon ref={star} variant="subtle" color="gray" size="lg" title="Rate" aria-label={`Rate ${pick.title}`} aria-expanded={rating} onClick={() => setRating(!rating)}>
          <IconStar size={18} aria-hidden />
        </ActionIcon>
      )}
      <Button label="Dismiss" of={pick.title} onClick={act("dismiss")} icon={<IconX size={18} aria-hidden />} />
      {rating && (
        <Stars
          label={`Your rating of ${pick.title}`}
          most={Math.round(high)}
          onRate={(stars) => {
            setRating(false);
            onAct(pick, "rating", Math.max(low, stars));
          }}
          onClose={() => {
            setRating(false);
            star.current?.focus();
          }}
        />
      )}
    </Group>
  );
}

/** Stars to choose from, with the focus on the first; Escape closes them. */
function Stars({ label, most, onRate, onClose }: { label: string; most: number; onRate: (stars: number) => void; onClose: () => void }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => place.current?.querySelector<HTMLInputElement>("input[value='1']")?.focus(), []);
  return (
    <div ref={place} onKeyDown={(event) => event.key === "Escape" && onClose()}>
      <Rating count={most} size="lg" aria-label={label} getSymbolLabel={(stars) => `${stars} of ${most}`} onChange={onRate} />
    </div>
  );
}

function Button({ label, of, icon, onClick }: { label: string; of: string; icon: ReactNode; onClick: () => void }) {
  return (
    <ActionIcon variant="subtle" color="gray" size="lg" title={label} aria-label={`${label}: ${of}`} onClick={onClick}>
      {icon}
    </ActionIcon>
  );
}
