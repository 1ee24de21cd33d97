using System.Diagnostics.Metrics;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Flink.Kubernetes.HA.Checkpoints;
using Flink.Kubernetes.HA.AzureBlob;
using Flink.Kubernetes.HA.CleanUp;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.Jobs;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.Maintenance;
using Flink.Kubernetes.HA.S3;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.Storage.FileSystem;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.Tests.Conventions;

/// <summary>What the documents list is what the code has.</summary>
public sealed partial class DocumentationTests
{
    private static readonly (Type Type, string Prefix)[] Options =
    [
        (typeof(KubernetesHaOptions), string.Empty),
        (typeof(LeaderElectionOptions), "LeaderElection."),
        (typeof(ApiServerOptions), "ApiServer."),
        (typeof(FileSystemStateStorageOptions), string.Empty),
        (typeof(S3StateStorageOptions), string.Empty),
        (typeof(AzureBlobStateStorageOptions), string.Empty),
        (typeof(SweepOptions), string.Empty),
    ];

    [Fact]
    public void Options_are_listed_with_their_defaults()
    {
        var options = Options.SelectMany(
                item => item.Type.GetProperties()
                    .Where(property => property.SetMethod?.IsPublic == true && !Options.Any(other => other.Type == property.PropertyType)),
                (item, property) => (Name: item.Prefix + property.Name, Default: property.GetValue(Activator.CreateInstance(item.Type))))
            .ToLookup(item => item.Name, item => item.Default);
        var rows = Markdown.Rows("option").ToList();

        // Storages share some names: each has a row of its own.
        Compare(
            rows.SelectMany(row => row.Names).GroupBy(name => name).Select(group => $"{group.Key}, {group.Count()} times"),
            options.Select(option => $"{option.Key}, {option.Count()} times"));
        rows.Where(row => !row.Names.All(name => options[name].Any(value => Says(row.Cells[0], value)))).Select(row => $"{row.Path}: {row.Names[0]}: {row.Cells[0]}")
            .ShouldBeNone("the second column has the default");
    }

    [Fact]
    public void Instruments_are_listed_with_their_units()
    {
        var instruments = new List<string>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Name == HaTelemetry.SourceName)
            {
                instruments.Add($"{instrument.Name} in {instrument.Unit}");
            }
        };
        listener.Start();
        using var metrics = new HaMetrics();

        Compare(Markdown.Rows("instrument").Select(row => $"{row.Names[0]} in {row.Cells[0].Trim('`')}"), instruments);
    }

    [Fact]
    public void Log_messages_are_listed_with_their_levels()
    {
        var rows = Markdown.Rows("id").SelectMany(row => row.Names.Select(id => (Id: id, Level: row.Cells[0]))).ToList();

        // A level that is chosen at run time is not in the attribute.
        Compare(
            rows.Select(row => $"{row.Id} {row.Level}"),
            ShapeTests.LogMessages.Select(message => (Id: $"{message.EventId}", message.Level))
                .Select(message => $"{message.Id} {(message.Level == LogLevel.None ? rows.Find(row => row.Id == message.Id).Level : message.Level)}"));
    }

    [Fact]
    public void Exceptions_are_listed() => Compare(
        Markdown.Rows("exception").SelectMany(row => row.Names),
        typeof(KubernetesHaServices).Assembly.GetExportedTypes().Where(type => type.IsSubclassOf(typeof(Exception))).Select(type => type.Name));

    [Theory]
    [InlineData(typeof(KubernetesFailure), "KubernetesHaException.Failure")]
    [InlineData(typeof(StateHandleFailure), "StateHandleException.Failure")]
    [InlineData(typeof(StateStorageFailure), "StateStorageException.Failure")]
    public void Kinds_of_failure_are_listed(Type kinds, string title) =>
        Compare(Markdown.Rows(title).SelectMany(row => row.Names), Enum.GetNames(kinds));

    [Fact]
    public void Promises_that_are_cited_are_defined()
    {
        var texts = Repository.Code("src", "tests").SelectMany(file => file.Documentation.Concat(file.Comments))
            .Concat(Markdown.Documents.Select(Repository.Read));
        var cited = texts.SelectMany(text => Promise().Matches(text)).Select(match => match.Value).Distinct();
        var defined = DefinedPromise().Matches(Repository.Read("docs/guarantees.md")).Select(match => match.Groups[1].Value);

        cited.Except(defined).ShouldBeNone("docs/guarantees.md says what they are");
    }

    [Fact]
    public void Links_lead_somewhere() =>
        Markdown.Documents.SelectMany(document => Markdown.Links(document).Where(link => !Path.Exists(Path.Combine(Repository.Root, link.Path))
                || (link.Heading.Length > 0 && !Markdown.Headings(link.Path).Contains(link.Heading))).Select(link => $"{document}: {link}"))
            .ShouldBeNone("a reader follows them");

    [Fact]
    public void Every_folder_of_the_library_is_on_its_map() =>
        Repository.Files("src/Flink.Kubernetes.HA", "*.cs").Select(path => path.Split('/')).Where(parts => parts.Length > 3).Select(parts => parts[2])
            .Except(Markdown.Rows("folder").SelectMany(row => row.Names)).ShouldBeNone("src/Flink.Kubernetes.HA/README.md says what they are for");

    [Theory]
    [InlineData("README.md", "samples/QuickStart/Program.cs", "quick-start")]
    [InlineData("docs/testing.md", "tests/Flink.Kubernetes.HA.Tests/Documentation/TestingGuideExample.cs", "testing")]
    public void Code_that_readers_copy_is_code_that_compiles(string document, string source, string region)
    {
        var lines = Repository.Read(source).Split($"// <{region}>\n")[1].Split($"// </{region}>")[0].Split('\n');
        var indent = lines[0].Length - lines[0].TrimStart().Length;
        var code = string.Join('\n', lines.Select(line => line[Math.Min(indent, line.Length)..])).Trim();

        Markdown.CodeBlocks(document).Contains(code).Should().BeTrue("a block of {0} is the region '{1}' of {2}", document, region, source);
        code.Split('\n').Should().HaveCountLessThanOrEqualTo(25);
    }

    [Fact]
    public void The_role_in_the_documents_is_the_one_of_the_samples()
    {
        var role = Repository.Read("samples/kubernetes/rbac.yaml").Split("---\n").Single(part => part.Contains("\nkind: Role\n", StringComparison.Ordinal));

        Markdown.CodeBlocks("docs/operations.md").Contains(role.Trim()).Should().BeTrue("a block of docs/operations.md is the Role of rbac.yaml");
    }

    private static void Compare(IEnumerable<string> documented, IEnumerable<string> present)
    {
        var (inDocuments, inCode) = (documented.ToHashSet(), present.ToHashSet());
        inCode.Except(inDocuments).Select(name => $"{name}: not documented")
            .Concat(inDocuments.Except(inCode).Select(name => $"{name}: not in the code")).ShouldBeNone("a table lists all that there is");
    }

    private static bool Says(string cell, object? value)
    {
        var text = cell.Replace("`", string.Empty, StringComparison.Ordinal);
        return value switch
        {
            null or "" => text.Length > 0,
            TimeSpan time => new[] { (time.TotalSeconds, "s"), (time.TotalMinutes, "minute"), (time.TotalHours, "hour"), (time.TotalDays, "day") }
                .Any(form => Begins(Text(form.Item1) + " " + form.Item2 + "s?")),
            int number => Begins(Text(number)) || Begins(Text(number / 1048576.0) + " MiB"),
            bool flag => Begins(flag ? "true" : "false"),
            _ => Begins(Text(value)),
        };

        bool Begins(string form) => Regex.IsMatch(text, $@"^{form}(?![\w.])", RegexOptions.None);
        string Text(object number) => Regex.Escape(Convert.ToString(number, CultureInfo.InvariantCulture)!);
    }

    [GeneratedRegex(@"\bP(?:10|[1-9])\b")]
    private static partial Regex Promise();

    [GeneratedRegex(@"^(?:#+ .*?|.*\*\*)\b(P(?:10|[1-9]))\b", RegexOptions.Multiline)]
    private static partial Regex DefinedPromise();
}
