import { ActionIcon, Anchor, Badge, Group, Rating, Stack, Text, UnstyledButton } from "@mantine/core";
import { IconHeart, IconShoppingBag, IconShoppingCartPlus, IconStar, IconX } from "@tabler/icons-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { Link } from "react-router";
import type { EventKind, RecommendedItem } from "../api/queries";
import { categoryText } from "../lib/categories";
import { usePrice } from "../lib/currency";
import { figure } from "../lib/format";
import { ProductPicture } from "./ProductPicture";
import { Reasons } from "./Reasons";

export type ItemAction = (item: RecommendedItem, event: EventKind, rating?: number) => void;

type Props = {
  item: RecommendedItem;
  badge?: string; // beside the title: how the item moved
  onAction?: ItemAction; // if given, the row has buttons to act on the item
  onOpen?: (item: RecommendedItem) => void; // if not given, the title links to the product page
  scale?: number[] | null; // lowest and highest rating
  showReasons?: boolean;
};

/** One entry of a ranked list: the item, why it was recommended, and buttons to act on it. */
export function ItemRow({ item, badge, onAction, onOpen, scale, showReasons = true }: Props) {
  const price = usePrice();
  const facts = [
    item.category && categoryText(item.category),
    item.price != null && price(item.price),
    item.rating != null && `predicted rating ${figure(item.rating, 1)}`,
  ].filter(Boolean);
  return (
    <Group component="li" align="flex-start" wrap="nowrap" gap="sm" py={8} className="row" data-item={item.item}>
      <Text c="dimmed" size="sm" w={20} ta="right" style={{ flex: "none", fontVariantNumeric: "tabular-nums" }} aria-label={`Rank ${item.rank}`}>
        {item.rank}
      </Text>
      <ProductPicture category={item.category} />
      <Stack gap={2} style={{ flex: 1, minWidth: 0 }}>
        <Group gap={6} wrap="wrap">
          {onOpen ? (
            <UnstyledButton onClick={() => onOpen(item)} className="title">
              {item.title}
            </UnstyledButton>
          ) : (
            <Anchor component={Link} to={`/products/${encodeURIComponent(item.item)}`} className="title">
              {item.title}
            </Anchor>
          )}
          {badge && (
            <Badge size="sm" variant="light" color={rises(badge) ? "green" : "gray"} className={rises(badge) ? "rise" : undefined} tt="none">
              <span aria-hidden>{badge}</span>
              <span className="sr-only">{spokenBadge(badge)}</span>
            </Badge>
          )}
        </Group>
        {facts.length > 0 && <Text size="sm">{facts.join(" · ")}</Text>}
        {showReasons && <Reasons reasons={item.reasons ?? []} by={item.by} item={item.item} />}
        {onAction && <Actions item={item} onAction={onAction} scale={scale ?? null} />}
      </Stack>
    </Group>
  );
}

const rises = (badge: string): boolean => badge === "new" || badge.startsWith("▲");

function spokenBadge(badge: string): string {
  if (badge === "new") return "new in the list";
  const ranks = badge.slice(2) === "1" ? "1 rank" : `${badge.slice(2)} ranks`;
  return `${badge.startsWith("▲") ? "up" : "down"} ${ranks}`;
}

function Actions({ item, onAction, scale }: { item: RecommendedItem; onAction: ItemAction; scale: number[] | null }) {
  const [rating, setRating] = useState(false);
  const [low = 1, high = 0] = scale ?? [];
  const rateButton = useRef<HTMLButtonElement>(null);
  const act = (event: EventKind) => () => onAction(item, event);
  return (
    <Group gap={2} role="group" aria-label={`Actions for ${item.title}`}>
      <ActionButton label="Buy" title={item.title} onClick={act("purchase")} icon={<IconShoppingBag size={18} aria-hidden />} />
      <ActionButton label="Add to cart" title={item.title} onClick={act("cart")} icon={<IconShoppingCartPlus size={18} aria-hidden />} />
      <ActionButton label="Like" title={item.title} onClick={act("like")} icon={<IconHeart size={18} aria-hidden />} />
      {high > 0 && (
        <ActionIcon ref={rateButton} variant="subtle" color="gray" size="lg" title="Rate" aria-label={`Rate ${item.title}`} aria-expanded={rating} onClick={() => setRating(!rating)}>
          <IconStar size={18} aria-hidden />
        </ActionIcon>
      )}
      <ActionButton label="Dismiss" title={item.title} onClick={act("dismiss")} icon={<IconX size={18} aria-hidden />} />
      {rating && (
        <StarRating
          label={`Your rating of ${item.title}`}
          maximum={Math.round(high)}
          onRate={(stars) => {
            setRating(false);
            onAction(item, "rating", Math.max(low, stars));
          }}
          onClose={() => {
            setRating(false);
            rateButton.current?.focus();
          }}
        />
      )}
    </Group>
  );
}

/** Stars to choose from, with the focus on the first; Escape closes them. */
function StarRating({ label, maximum, onRate, onClose }: { label: string; maximum: number; onRate: (stars: number) => void; onClose: () => void }) {
  const container = useRef<HTMLDivElement>(null);
  useEffect(() => container.current?.querySelector<HTMLInputElement>("input[value='1']")?.focus(), []);
  return (
    <div ref={container} onKeyDown={(event) => event.key === "Escape" && onClose()}>
      <Rating count={maximum} size="lg" aria-label={label} getSymbolLabel={(stars) => `${stars} of ${maximum}`} onChange={onRate} />
    </div>
  );
}

function ActionButton({ label, title, icon, onClick }: { label: string; title: string; icon: ReactNode; onClick: () => void }) {
  return (
    <ActionIcon variant="subtle" color="gray" size="lg" title={label} aria-label={`${label}: ${title}`} onClick={onClick}>
      {icon}
    </ActionIcon>
  );
}
