export default function loader(asked: { src: string; width: number; quality?: number }): string;
