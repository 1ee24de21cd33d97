using System.Text.RegularExpressions;

namespace Flink.Kubernetes.HA.Tests.Conventions;

/// <summary>Words that a reader has to decode are kept out of what users read.</summary>
public sealed partial class EnglishTests
{
    [Fact]
    public void Documentation_and_messages_are_in_plain_English() =>
        Repository.Code("src").SelectMany(file => Idioms([.. file.Documentation, file.Strings]).Select(idiom => $"{file.Path}: {idiom}"))
            .ShouldBeNone("\"was canceled\", \"is no longer the leader\", \"again\" and \"is notified\" need no second reading");

    [Theory]
    [InlineData("The term leads no more.")]
    [InlineData("Gives up; nothing was written.")]
    [InlineData("leads\n    /// no more")]
    [InlineData("Reads it anew.")]
    [InlineData("Everyone is told.")]
    public void An_idiom_is_found(string text) => Assert.Single(Idioms([text]));

    private static IEnumerable<string> Idioms(IEnumerable<string> texts) =>
        texts.SelectMany(text => Idiom().Matches(LineBreak().Replace(text, " ")).Select(match => match.Value));

    [GeneratedRegex(@"\n\s*(?:///)?\s*")]
    private static partial Regex LineBreak();

    [GeneratedRegex(@"\b(?:leads no more|gives up|anew|is told)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Idiom();
}
