using System.Text.RegularExpressions;

namespace Flink.Kubernetes.HA.Tests.Conventions;

/// <summary>What the documents of the repository hold: tables, blocks of code, links.</summary>
internal static partial class Markdown
{
    /// <summary>The documents for users and contributors.</summary>
    public static IReadOnlyList<string> Documents { get; } = [.. Repository.Files(".", "*.md")];

    /// <summary>The rows of all tables whose first column has this title.</summary>
    public static IEnumerable<TableRow> Rows(string title)
    {
        foreach (var path in Documents)
        {
            var titles = Array.Empty<string>();
            foreach (var cells in Text(path).Split('\n').Select(Cells))
            {
                if (titles is [] || cells is [])
                {
                    titles = cells;
                }
                else if (titles[0].Replace("`", string.Empty, StringComparison.Ordinal) == title && Name().Matches(cells[0]) is { Count: > 0 } names)
                {
                    yield return new TableRow(path, [.. names.Select(match => match.Groups[1].Value)], [.. cells.Skip(1)]);
                }
            }
        }
    }

    public static IEnumerable<string> CodeBlocks(string path) =>
        CodeBlock().Matches(Repository.Read(path)).Select(match => match.Groups[1].Value.Trim());

    /// <summary>The links to files and headings of the repository: relative to the root, and the heading if there is one.</summary>
    public static IEnumerable<(string Path, string Heading)> Links(string path) => Link().Matches(Text(path))
        .Select(match => (match.Groups[1].Value is { Length: > 0 } target ? Path.Join(Path.GetDirectoryName(path), target) : path, match.Groups[2].Value));

    /// <summary>The headings of a document as links name them.</summary>
    public static IEnumerable<string> Headings(string path) =>
        Heading().Matches(Text(path)).Select(match => NotInAnchor().Replace(match.Groups[1].Value.ToLowerInvariant(), string.Empty).Replace(' ', '-'));

    private static string Text(string path) => CodeBlock().Replace(Repository.Read(path), string.Empty);

    private static string[] Cells(string line) =>
        line.StartsWith('|') ? [.. Pipe().Split(line.Trim().Trim('|')).Select(cell => cell.Trim())] : [];

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Name();

    [GeneratedRegex(@"(?<!\\)\|")]
    private static partial Regex Pipe();

    [GeneratedRegex("^ *```\\w*\n(.*?)^ *```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"\]\((?!\w+:)([^)#\s]*)#?([^)\s]*)\)")]
    private static partial Regex Link();

    [GeneratedRegex("^#+ (.*)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NotInAnchor();
}

/// <summary>A row of a table.</summary>
/// <param name="Path">The document.</param>
/// <param name="Names">What is in backticks in the first cell.</param>
/// <param name="Cells">The other cells.</param>
internal sealed record TableRow(string Path, string[] Names, string[] Cells);
