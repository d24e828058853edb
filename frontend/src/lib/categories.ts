const SEPARATOR = "|"; // between the genres of an item, as MovieLens writes them and the import joins columns of flags

/** Split a category such as "Action|Adventure|Sci-Fi" into its parts. */
export const splitCategory = (category: string): string[] => category.split(SEPARATOR).map((part) => part.trim()).filter(Boolean);

/** Write a category as text: "Action, Adventure, Sci-Fi". */
export const categoryText = (category: string): string => splitCategory(category).join(", ");
